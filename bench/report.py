"""The printed table."""

import os
import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.resources import MOST_MEGABYTES
from bench.resources import MOST_SECONDS
from bench.resources import Resources
from bench.rows import GATEWRIGHT
from bench.rows import Row
from bench.run import Result
from bench.strain import Finding

_HEADINGS = ("row", "server CPU", "ratio", "to", "asked", "", "requests/s", "p50", "p99", "requests", "errors")


def table(results: Sequence[Result]) -> str:
    """The figures as a table of fixed columns."""
    lines = [_HEADINGS, *(_line(result) for result in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 3) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def strain_lines(found: Sequence[Finding]) -> str:
    """What was found under strain."""
    verdicts = {True: " reached", False: " missed", None: ""}
    return "\n".join(f"{each.text} ({each.asked}{verdicts[each.reached]})" for each in found)


def resource_lines(found: Resources) -> str:
    """Start and memory, ours beside what is asked for."""
    seconds = median(start.seconds for start in found.starts)
    cpu = median(start.cpu for start in found.starts)
    lines = [
        f"start to first answer: {seconds:.2f} s (≤ {MOST_SECONDS} {_reached(seconds <= MOST_SECONDS)}),"
        f" {cpu:.2f} s of CPU (medians of {len(found.starts)})"
    ]
    for name, memory in found.memory.items():
        asked = f" (≤ {MOST_MEGABYTES} {_reached(memory.worker <= MOST_MEGABYTES)})" if name == GATEWRIGHT else ""
        lines.append(f"memory of {name}: worker {memory.worker:.0f} MB{asked}, all processes {memory.group:.0f} MB")
    return "\n".join(lines)


def heading() -> str:
    """When and on what this run was made."""
    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, uvicorn {version('uvicorn')},"
        f" SQLite {sqlite3.sqlite_version}, Linux {platform.release()}, {os.cpu_count()} ×{model.partition(':')[2]},"
        f" load before {load}"
    )


def _line(result: Result) -> tuple[str, ...]:
    row = result.row
    return (
        row.name,
        f"{result.cpu:,.0f} µs",
        f"{result.ratio:.2f}" if result.ratio is not None else "",
        _compared(row) if result.ratio is not None and row.against != row.name else "",
        f"≤ {row.at_most}" if row.at_most else f"≥ {row.at_least}" if row.at_least else "",
        _verdict(result),
        f"{result.per_second:,.0f}",
        f"{result.p50:.1f} ms",
        f"{result.p99:.1f} ms",
        f"{result.requests:,}",
        f"{result.errors} ({result.first_error})" if result.errors else "0",
    )


def _compared(row: Row) -> str:
    return f"{row.against}, requests/s" if row.compares == "throughput" else row.against


def _verdict(result: Result) -> str:
    reached = result.row.is_reached(result.ratio)
    return "" if reached is None else _reached(reached)


def _reached(is_reached: bool) -> str:
    return "reached" if is_reached else "missed"
