"""Puts values into a profile: into its tree, and into its text, whose comments and other lines stay as they are."""

from __future__ import annotations

import json
import re
from typing import NamedTuple, TypeAlias

import yaml

from gridhedge.profile.document import Node

__all__ = ["Place", "Value", "put", "rewritten"]

Place: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the root: ``("symbols", 0, "strategy", "grid_step_percent")``."""
Value: TypeAlias = str | tuple[str, ...]
"""A scalar as it is written, or a list of them."""

_PLAIN = re.compile(r"[A-Za-z0-9_.+-][A-Za-z0-9_.:/+-]*")
"""Texts that mean themselves without quotes."""


def put(node: Node, place: Place, value: Value) -> Node:
    """The tree with a value at a place; groups on the way that it does not have are made."""
    if not place:
        return Node(node.line, value if isinstance(value, str) else [Node(node.line, part) for part in value])
    part, *rest = place
    if isinstance(part, int):
        assert isinstance(node.value, list), "a place comes from the profile itself"
        items = [put(child, tuple(rest), value) if at == part else child for at, child in enumerate(node.value)]
        return Node(node.line, items)
    pairs = node.value if isinstance(node.value, dict) else {}
    return Node(node.line, pairs | {part: put(pairs.get(part, Node(node.line, None)), tuple(rest), value)})


def rewritten(text: str, place: Place, value: Value) -> str:
    """The YAML text of a valid profile with a value at a place: replaced where it stands, added where it does not."""
    tree = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(tree, yaml.MappingNode), "a profile is a group of settings"
    found = _Descent(text, tree)
    for number, part in enumerate(place):
        inner = found.step(part)
        if inner is None:
            return found.added(place[number:], value)
        found = inner
    return found.replaced(value)


class _Descent(NamedTuple):
    """A node of the text on the way to a place, and where the key before it ends (-1: it has none)."""

    text: str
    node: yaml.Node
    key_end: int = -1

    def step(self, part: str | int) -> _Descent | None:
        """One key or index further; None where the text does not have it."""
        if isinstance(part, int):
            assert isinstance(self.node, yaml.SequenceNode), "a place comes from the profile itself"
            return _Descent(self.text, self.node.value[part])
        pairs = self.node.value if isinstance(self.node, yaml.MappingNode) else []
        for key, child in pairs:
            if key.value == part:
                return _Descent(self.text, child, key.end_mark.index)
        return None

    def replaced(self, value: Value) -> str:
        """In place of what stands there. A list in lines of its own becomes one line."""
        start, end = self.node.start_mark.index, _end(self.node)
        if self.key_end >= 0 and "\n" in self.text[self.key_end : end]:
            return f"{self.text[: self.key_end]}: {_written(value)}{self.text[end:]}"
        blank = " " if start == self.key_end + 1 else ""  # nothing stood there: `key:`
        return f"{self.text[:start]}{blank}{_written(value)}{self.text[end:]}"

    def added(self, place: Place, value: Value) -> str:
        """A key, or a group with it, that the group does not have: in the lines after its first key, where that has
        a plain value, else before it."""
        name, *inner = place
        said = _written(value)
        for part in reversed(inner):
            said = f"{{{part}: {said}}}"
        if not isinstance(self.node, yaml.MappingNode) or not self.node.value:
            return _Descent(self.text, self.node, self.key_end).replaced_by_group(f"{{{name}: {said}}}")
        key, first = self.node.value[0]
        if self.node.flow_style:
            at = _end(self.node.value[-1][1])
            return f"{self.text[:at]}, {name}: {said}{self.text[at:]}"
        indent = " " * key.start_mark.column
        line_end = self.text.find("\n", first.end_mark.index)
        if isinstance(first, yaml.ScalarNode) and first.start_mark.line == first.end_mark.line and line_end >= 0:
            return f"{self.text[:line_end]}\n{indent}{name}: {said}{self.text[line_end:]}"
        at = key.start_mark.index
        return f"{self.text[:at]}{name}: {said}\n{indent}{self.text[at:]}"

    def replaced_by_group(self, group: str) -> str:
        """An empty value becomes a group."""
        start, end = self.node.start_mark.index, self.node.end_mark.index
        blank = " " if start == self.key_end + 1 else ""
        return f"{self.text[:start]}{blank}{group}{self.text[end:]}"


def _end(node: yaml.Node) -> int:
    """Where the last character of a value stands: a block of lines ends with its last item, not before the next key."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _written(value: Value) -> str:
    if not isinstance(value, str):
        return f"[{', '.join(map(_written, value))}]"
    return value if _PLAIN.fullmatch(value) and not value.endswith(":") else json.dumps(value)
