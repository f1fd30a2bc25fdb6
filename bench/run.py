"""One interleaved run: every row once a round, in an order that the seed shuffles anew for each round."""

import random
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from statistics import median

import msgspec

from bench.load import Window
from bench.load import load
from bench.processes import Server
from bench.rows import Row


class Result(msgspec.Struct):
    """A row's figures: medians over the rounds. `cpu`: the server's microseconds per request; latencies in ms."""

    row: Row
    cpu: float
    ratio: float | None
    per_second: float
    p50: float
    p99: float
    requests: int
    errors: int
    first_error: str


async def run(
    rows: Sequence[Row],
    servers: Mapping[str, Server],
    *,
    rounds: int,
    seconds: float,
    connections: int,
    seed: int,
    tell: Callable[[str], None],
) -> list[Result]:
    """Measure the rows. A first round, uncounted, lets every server warm up."""
    windows: dict[str, list[Window]] = {row.name: [] for row in rows}
    order = random.Random(seed)
    for number in range(rounds + 1):
        for row in order.sample(rows, len(rows)):
            tell(f"round {number} of {rounds}: {row.name}" if number else f"warming up: {row.name}")
            work = await row.prepare(connections, seconds)
            server = servers[row.server]
            window = await load(server.port, work, connections, seconds, server.cpu_seconds)
            if number:
                windows[row.name].append(window)
    return [_result(row, windows[row.name], windows.get(row.against)) for row in rows]


def _result(row: Row, windows: list[Window], reference: list[Window] | None) -> Result:
    pairs = zip(windows, reference or (), strict=False)
    latencies = sorted(latency for window in windows for latency in window.latencies)
    return Result(
        row=row,
        cpu=median(map(_cpu, windows)) * 1e6,
        ratio=median(_ratio(row, window, other) for window, other in pairs) if reference else None,
        per_second=median(window.answered / window.seconds for window in windows),
        p50=_percentile(latencies, 0.50) * 1e3,
        p99=_percentile(latencies, 0.99) * 1e3,
        requests=sum(window.answered for window in windows),
        errors=sum(window.errors for window in windows),
        first_error=next((window.first_error for window in windows if window.first_error), ""),
    )


def _ratio(row: Row, window: Window, other: Window) -> float:
    if row.compares == "throughput":
        return (window.answered / window.seconds) / (other.answered / other.seconds)
    return _cpu(window) / _cpu(other)


def _cpu(window: Window) -> float:
    return window.cpu / max(window.answered, 1)


def _percentile(ordered: list[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0
