"""The printed table."""

from collections.abc import Sequence

from bench.run import Result

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


def _line(result: Result) -> tuple[str, ...]:
    row = result.row
    return (
        row.name,
        f"{result.cpu:,.0f} µs",
        f"{result.ratio:.2f}" if result.ratio is not None else "",
        row.against if result.ratio is not None and row.against != row.name else "",
        f"≤ {row.at_most}" if row.at_most else "",
        _verdict(result),
        f"{result.per_second:,.0f}",
        f"{result.p50:.1f} ms",
        f"{result.p99:.1f} ms",
        f"{result.requests:,}",
        f"{result.errors} ({result.first_error})" if result.errors else "0",
    )


def _verdict(result: Result) -> str:
    if result.row.at_most is None or result.ratio is None:
        return ""
    return "reached" if result.ratio <= result.row.at_most else "missed"
