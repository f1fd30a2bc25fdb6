"""`?` after a path: only its last step is tried; errors on the way to it, or in a key, are still errors."""

from gatewright.flow.jq import syntax

_KEY, _LOW, _HIGH = "?key", "?low", "?high"
"""Names that no variable of an expression can have."""


def optional(node: syntax.Node, offset: int) -> syntax.Node:
    """The node with `?` after it."""
    here = syntax.Identity(offset=node.offset)
    if isinstance(node, syntax.Field):
        return _stepped(node.target, syntax.Field(target=here, name=node.name, offset=node.offset), offset)
    if isinstance(node, syntax.Iterate):
        return _stepped(node.target, syntax.Iterate(target=here, offset=node.offset), offset)
    if isinstance(node, syntax.Index):
        step = syntax.Index(target=here, key=_computed(node.key, _KEY), offset=node.offset)
        return _bound(node.key, _KEY, _stepped(node.target, step, offset))
    if isinstance(node, syntax.Slice):
        low = _computed(node.low, _LOW) if node.low else None
        high = _computed(node.high, _HIGH) if node.high else None
        step_slice = syntax.Slice(target=here, low=low, high=high, offset=node.offset)
        return _bound(node.low, _LOW, _bound(node.high, _HIGH, _stepped(node.target, step_slice, offset)))
    return syntax.Try(body=node, handler=None, offset=offset)


def _stepped(target: syntax.Node, step: syntax.Node, offset: int) -> syntax.Node:
    tried = syntax.Try(body=step, handler=None, offset=offset)
    if isinstance(target, syntax.Identity):
        return tried
    return syntax.Pipe(left=target, right=tried, offset=target.offset)


def _computed(key: syntax.Node, name: str) -> syntax.Node:
    return key if isinstance(key, syntax.Literal) else syntax.Variable(name=name, offset=key.offset)


def _bound(key: syntax.Node | None, name: str, body: syntax.Node) -> syntax.Node:
    if key is None or isinstance(key, syntax.Literal):
        return body
    return syntax.Bind(source=key, pattern=syntax.NamePattern(name), body=body, offset=key.offset)
