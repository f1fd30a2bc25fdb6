"""Which runs of flows are watched step by step: all of them, as long as there are few enough."""

from typing import Final

import msgspec

from gatewright.flow.journal import Journal
from gatewright.flow.journal import Times
from gatewright.kernel.telemetry import Activity

ALL_OF: Final = 100
"""So many runs of a flow are watched between two times that the counts are handed over,"""
ONE_IN: Final = 16
"""and of those beyond, every so manieth."""
_AFTER_A_FAILURE: Final = 100


class _Flow(msgspec.Struct):
    """What is known of one flow. interval: the one that `runs` belong to. closely: how many more are watched anyway."""

    times: dict[str, Times]
    interval: int = -1
    runs: int = 0
    closely: int = 0


class Journals:
    """The journals of one process's runs, and the times that their steps took."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity
        self._flows: dict[str, _Flow] = {}

    def begin(self, service: str, *, always: bool = False) -> Journal | None:
        """The journal of a new run; None when this one goes unwatched. always: it may not."""
        flow = self._flows.get(service) or self._flows.setdefault(service, _Flow({}))
        if flow.interval != self._activity.taken:
            flow.interval, flow.runs = self._activity.taken, 0
        flow.runs += 1
        if flow.runs <= ALL_OF:
            return Journal(flow.times)
        if flow.runs % ONE_IN == 0:
            return Journal(flow.times, ONE_IN)
        if flow.closely > 0:
            flow.closely -= 1
            return Journal({})
        return Journal({}) if always else None

    def watch_closely(self, service: str) -> None:
        """After a failure, have a journal of each of the next runs, however many there are."""
        if service in self._flows:
            self._flows[service].closely = _AFTER_A_FAILURE

    def report(self) -> None:
        """Hand the times of steps over to the activity."""
        for service, flow in self._flows.items():
            for pointer, times in flow.times.items():
                if times.count:
                    name = f"{service} {pointer}"
                    self._activity.add_many("step", name, times.count, times.failed, times.seconds)
                    times.count, times.failed, times.seconds = 0, 0, 0.0
