"""CSV (RFC 4180): texts and rows."""

import csv
import io
from collections import Counter
from typing import Any

from gatewright.flow.turns import unhurried
from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import MOST_ITEMS
from gatewright.services.builtin.refusals import bounded
from gatewright.services.builtin.refusals import few
from gatewright.services.builtin.refusals import refusal

_LONGEST_FIELD = 1_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@service(inline=True)
def parse(
    text: str,
    delimiter: str = ",",
    quote: str = '"',
    header: bool = True,
    columns: list[str] = [],  # noqa: B006  never changed
    trim: bool = False,
) -> list[Any]:
    """The rows of a text, each an object by the names of its columns; without names a list of texts.

    header: whether the first row holds the names. columns: the names, in place of those of the first row. trim: take
    blanks around fields away.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    source = io.StringIO(text.removeprefix("\ufeff"), newline="")
    reader = csv.reader(source, delimiter=_one(delimiter), quotechar=_one(quote), strict=True)
    found: list[Any] = []
    names, waiting = list(columns), header
    try:
        for row in unhurried(reader):
            if not row:
                continue
            fields = [field.strip() for field in row] if trim else row
            if waiting:
                names, waiting = names or _unique(fields), False
                continue
            found.append(_row(fields, names, reader.line_num))
            if len(found) > MOST_ITEMS:
                raise refusal(f"a text has at most {MOST_ITEMS} rows")
    except csv.Error as error:
        raise refusal(f"line {reader.line_num}: {error}") from None
    return found


@service(inline=True)
def serialise(
    rows: list[Any],
    columns: list[str] = [],  # noqa: B006  never changed
    delimiter: str = ",",
    header: bool = True,
    quote_all: bool = False,
    line_end: str = "\r\n",
    guard_formulas: bool = False,
) -> str:
    """Rows, objects or lists, as a text.

    columns: the members to write, in their order; none: those of the first row. guard_formulas: write an apostrophe
    before texts that a spreadsheet would take for a formula.
    """
    few(rows)
    names = list(columns) or (list(rows[0]) if rows and isinstance(rows[0], dict) else [])
    target = io.StringIO()
    if line_end not in ("\r\n", "\n"):
        raise refusal("line_end is CR LF or LF")
    writer = csv.writer(
        target,
        delimiter=_one(delimiter),
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
        lineterminator=line_end,
    )
    if header and names:
        writer.writerow(names)
    for number, row in enumerate(unhurried(rows), 1):
        if isinstance(row, dict):
            values = [row.get(name) for name in names]
        elif isinstance(row, list):
            values = row
        else:
            raise refusal(f"row {number} is neither an object nor a list")
        writer.writerow([_field(value, number, guard_formulas) for value in values])
    return bounded(target.getvalue())


def _one(character: str) -> str:
    if len(character) != 1 or character in "\r\n\0":
        raise refusal("delimiter and quote are one character each")
    return character


def _unique(names: list[str]) -> list[str]:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise refusal(f"the column {twice[0]!r} is there more than once; give names by 'columns'")
    return names


def _row(fields: list[str], names: list[str], line: int) -> Any:
    if not names:
        return list(fields)
    if len(fields) != len(names):
        raise refusal(f"line {line} has {len(fields)} fields; {len(names)} were expected")
    return dict(zip(names, fields, strict=True))


def _field(value: Any, number: int, guard: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise refusal(f"row {number}: a field is a text, a number or a boolean")
    if guard and isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return str(value)
