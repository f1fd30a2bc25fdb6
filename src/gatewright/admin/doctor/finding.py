"""What the doctor finds."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Level = Literal["must", "should"]
Seen = Literal["configuration", "request"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One shortcoming.

    level: what the section says of it.  rule: its name, for programs.  subject: the server, the settings, or a client.
    message: a clause that says what is the case.  mend: a sentence that says what to change.
    seen: by what the configuration says, by what the server answered, or both.
    """

    level: Level
    rule: str
    subject: str
    section: str
    message: str
    mend: str
    seen: tuple[Seen, ...] = ("configuration",)

    def __str__(self) -> str:
        return f"{self.level.upper():6}  {self.subject}: {self.message} ({self.section}). {self.mend}"


def together(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that say MUST first, each once: what the configuration says and the server shows is one."""
    merged: dict[tuple[str, str], Finding] = {}
    for each in findings:
        known = merged.get((each.subject, each.rule), each)
        seen = tuple(dict.fromkeys(known.seen + each.seen))
        merged[each.subject, each.rule] = msgspec.structs.replace(known, seen=seen)
    return sorted(merged.values(), key=lambda finding: finding.level)
