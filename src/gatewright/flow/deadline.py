"""A part of a run that must end in time."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

from gatewright.flow.errors import standard_error
from gatewright.flow.run import DeadlinePassed
from gatewright.flow.run import Frame
from gatewright.flow.run import clock


async def within(seconds: float, frame: Frame, work: Callable[[Frame], Awaitable[Any]], what: str) -> Any:
    """What `work(frame)` gives. Raises the standard's timeout error, naming `what`, when it takes longer.

    A deadline further off than the frame's own changes nothing: the whole run ends first.
    """
    deadline = clock() + seconds
    if deadline >= frame.deadline:
        return await work(frame)
    try:
        async with asyncio.timeout(seconds) as watch:
            return await work(frame.until(deadline))
    except TimeoutError:
        if not watch.expired():
            raise
    except DeadlinePassed as passed:
        if passed.deadline != deadline:
            raise
    raise standard_error("timeout", f"{what} took longer than {seconds:g} s")


async def pause(seconds: float, frame: Frame) -> None:
    """Wait. When that would outlast the deadline, it has passed at once: nobody gains from waiting for it."""
    if clock() + seconds > frame.deadline:
        raise DeadlinePassed(frame.deadline)
    await asyncio.sleep(seconds)
