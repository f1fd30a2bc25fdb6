"""Texts of flows, changes, and the texts that must come out."""

from typing import Any

import msgspec

TEXT = """\
# The head.
document: {dsl: '1.0.3', namespace: a, name: b, version: '1.0.0'}
do:
  # About one,
  # on two lines.
  - one:
      set: {x: 1}  # beside
      then: three
  - two:
      call: folder:service
      with:
        name: '${ .name }'  # the name

        # And more.
        other: 7
  # About three.
  - three:
      for: {each: item, in: .items}
      do:
        - inner:
            set: '${ . }'
# The end.
"""
ONE = "/do/0/one"
TWO = "/do/1/two"
THREE = "/do/2/three"
INNER = "/do/2/three/do/0/inner"
BODY = "set:\n  name: value"
SWITCH = """\
do:
  - choose:
      switch:
        - big: {when: .n > 1, then: last}
        - small:
            then: end
  - last:
      set: {}
"""


class Sample(msgspec.Struct, frozen=True):
    """A change of a text: the method and its arguments, and the text that comes of it."""

    name: str
    text: str
    asked: list[Any]
    wanted: str


def _changed(name: str, asked: list[Any], before: str, after: str, text: str = TEXT) -> Sample:
    assert text.count(before) == 1
    return Sample(name, text, asked, text.replace(before, after))


SAMPLES = [
    _changed("step is added after another", ["add", {"after": ONE}, "new", BODY], "      then: three\n", "      then: three\n  - new:\n      set:\n        name: value\n"),
    _changed("step is added after the last", ["add", {"after": THREE}, "new", BODY], "            set: '${ . }'\n", "            set: '${ . }'\n  - new:\n      set:\n        name: value\n"),
    _changed("first step goes before its follower's comment", ["add", {"list": "/do"}, "new", BODY], "  # About one,\n", "  - new:\n      set:\n        name: value\n  # About one,\n"),
    _changed("step is added inside a loop", ["add", {"list": THREE + "/do"}, "new", BODY], "        - inner:\n", "        - new:\n            set:\n              name: value\n        - inner:\n"),
    _changed("step is added to an empty list", ["add", {"list": "/do"}, "new", BODY], "do: []\n", "do:\n  - new:\n      set:\n        name: value\n", "a: 1\ndo: []\nb: 2\n"),
    _changed("step is added to a list without a value", ["add", {"list": "/do"}, "new", BODY], "do:\n", "do:\n  - new:\n      set:\n        name: value\n", "a: 1\ndo:\nb: 2\n"),
    _changed("removed step takes its comment along", ["remove", THREE], TEXT[TEXT.index("  # About three") : TEXT.index("# The end")], ""),
    _changed("first step is removed", ["remove", ONE], TEXT[TEXT.index("  # About one") : TEXT.index("  - two")], ""),
    Sample("only step of a list stays", TEXT, ["remove", INNER], "refused: The only step of its list cannot be removed. Remove the step around it, or add another first."),
    _changed("step moves down with its comment", ["move", ONE, 1],
        TEXT[TEXT.index("  # About one") : TEXT.index("  # About three")],
        TEXT[TEXT.index("  - two") : TEXT.index("  # About three")] + TEXT[TEXT.index("  # About one") : TEXT.index("  - two")]),
    _changed("step moves up with its comment", ["move", THREE, -1],
        TEXT[TEXT.index("  - two") : TEXT.index("# The end")],
        TEXT[TEXT.index("  # About three") : TEXT.index("# The end")] + TEXT[TEXT.index("  - two") : TEXT.index("  # About three")]),
    Sample("first step cannot move up", TEXT, ["move", ONE, -1], TEXT),
    _changed("step moves into a loop", ["moveTo", ONE, {"after": INNER}],
        TEXT[TEXT.index("  # About one") :],
        TEXT[TEXT.index("  - two") : TEXT.index("# The end")] + "        - one:\n            set: {x: 1}  # beside\n            then: three\n# The end.\n"),
    Sample("step cannot move into itself", TEXT, ["moveTo", THREE, {"after": INNER}], "refused: A step cannot be moved into itself."),
    Sample("renamed step is followed by what leads to it", TEXT, ["rename", THREE, "last"], TEXT.replace("- three:", "- last:").replace("then: three", "then: last")),
    Sample("renamed step is followed by the cases of a switch", SWITCH, ["rename", "/do/1/last", "final"], SWITCH.replace("- last:", "- final:").replace("then: last}", "then: final}")),
    Sample("renamed case leaves alone what leads to a step of its name", SWITCH, ["rename", "/do/0/choose/switch/0/big", "last"], SWITCH.replace("- big:", "- last:")),
    _changed("condition in braces gets the quotes that it needs there", ["setText", "/do/0/choose/switch/0/big", ["when"], '.a == "x, y"'], "when: .n > 1", "when: '.a == \"x, y\"'", SWITCH),
    _changed("case is added after another", ["add", {"after": "/do/0/choose/switch/1/small"}, "other", "then: end"], "            then: end\n", "            then: end\n        - other:\n            then: end\n", SWITCH),
    Sample("name that is taken is refused", TEXT, ["rename", ONE, "two"], "refused: There is a step two in this list already."),
    Sample("name that is none is refused", TEXT, ["rename", ONE, "a b"], "refused: A step's name is letters, digits, _ and -."),
    _changed("text is replaced in its quotes", ["setText", TWO, ["with", "name"], "${ .it's }"], "'${ .name }'", "'${ .it''s }'"),
    _changed("plain text that needs quotes gets them", ["setText", TWO, ["call"], "a: b"], "folder:service", "'a: b'"),
    _changed("plain text stays plain", ["setText", TWO, ["call"], "orders:get"], "folder:service", "orders:get"),
    _changed("number stays a number", ["set", TWO, ["with", "other"], "8"], "other: 7", "other: 8"),
    _changed("value in braces is changed alone", ["set", ONE, ["set", "x"], "2"], "{x: 1}  # beside", "{x: 2}  # beside"),
    _changed("key is put into braces", ["set", ONE, ["set", "y"], "2"], "{x: 1}", "{x: 1, y: 2}"),
    _changed("condition goes to the front", ["setText", TWO, ["if"], ".ok"], "      call: folder", "      if: .ok\n      call: folder"),
    _changed("output goes before then", ["setText", ONE, ["output", "as"], "${ {a: .x} }"], "      then: three", "      output:\n        as: '${ {a: .x} }'\n      then: three"),
    _changed("then goes to the end", ["setText", TWO, ["then"], "end"], "        other: 7\n", "        other: 7\n      then: end\n"),
    _changed("mapping of lines replaces a mapping", ["set", TWO, ["with"], "a: 1\nb: 2"],
        TEXT[TEXT.index("        name: '${ .name }'") : TEXT.index("  # About three")], "        a: 1\n        b: 2\n"),
    _changed("emptied key is taken away", ["set", ONE, ["then"], ""], "      then: three\n", ""),
    _changed("emptied key in braces is taken away", ["set", THREE, ["for", "each"], ""], "{each: item, in: .items}", "{in: .items}"),
    _changed("last key takes its parent along", ["set", TWO, ["output", "as"], ""], "      output:\n        as: .x\n", "", TEXT.replace("        other: 7\n", "        other: 7\n      output:\n        as: .x\n")),
    Sample("what is not there is not taken away", TEXT, ["set", TWO, ["output", "as"], ""], TEXT),
    Sample("source of a mapping has its comments", TEXT, ["source", TWO, ["with"]], "name: '${ .name }'  # the name\n\n# And more.\nother: 7"),
    Sample("source of a text has no quotes", TEXT, ["source", TWO, ["with", "name"]], "${ .name }"),
]  # fmt: skip
