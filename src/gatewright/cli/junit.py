"""JUnit's XML, which CI servers read: one suite for each test file."""

from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree

from gatewright.services.testing import Result


def junit(results: Iterable[Result]) -> str:
    """The report of these results, in the order in which they came."""
    root = ElementTree.Element("testsuites")
    for file, found in groupby(results, key=lambda result: result.file):
        cases = list(found)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=file,
            tests=str(len(cases)),
            failures=str(sum(not case.passed for case in cases)),
            errors="0",
            time=f"{sum(case.seconds for case in cases):.3f}",
        )
        for case in cases:
            _add(suite, case)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add(suite: ElementTree.Element, case: Result) -> None:
    element = ElementTree.SubElement(
        suite,
        "testcase",
        classname=case.service or case.file,
        name=case.name,
        file=case.file,
        line=str(case.line),
        time=f"{case.seconds:.3f}",
    )
    if not case.passed:
        failure = ElementTree.SubElement(element, "failure", message=_printable(case.problems[0]))
        failure.text = _printable("\n".join(case.problems))


def _printable(text: str) -> str:
    """XML 1.0 has no word for most control characters."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "�" for letter in text)
