"""A YAML file as a tree of texts that knows its lines.

Every scalar stays the text that the user wrote: the schema gives it a meaning later. So ``0.01`` becomes exactly that
decimal (there is no float in between), ``001`` stays the account 001 instead of an octal number, and ``no`` is not a
boolean before somebody asks for one. Only the empty scalar, ``~`` and ``null`` mean "nothing".

Refused: tags, anchors, aliases, duplicate keys, keys that are not plain text, a second document, more than 256 KiB and
nesting deeper than any profile needs. Nothing in such a file can run code or grow when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import yaml

from gridhedge.domain.errors import UsageError

__all__ = ["MAX_BYTES", "Document", "Node", "Plain", "Problem", "read_document", "read_text"]

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
_NOTHING = ("", "~", "null", "Null", "NULL")

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain] | None"
"""A tree without its lines."""


class Problem(NamedTuple):
    """One thing that is wrong, and what to do. ``where`` is a dotted path; empty when the file as a whole is meant."""

    line: int
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its line: that of its key, or its own in a list."""

    line: int
    value: str | list[Node] | dict[str, Node] | None

    def plain(self) -> Plain:
        """The same tree without its lines."""
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value


class Document(NamedTuple):
    root: Node
    problems: tuple[Problem, ...]
    """What could be read past: duplicate keys."""


def read_document(path: Path, option: str = "--profile") -> Document:
    """The tree in ``path``, which the command line names after ``option``. Raises UsageError where there is none."""
    text = read_text(path, option)
    try:
        return _Builder(yaml.parse(text, Loader=yaml.SafeLoader)).document()
    except _Refused as refused:
        raise UsageError(f"{path}:{refused.line}: {refused}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise UsageError(f"{path}{place}: {_explain(error)}") from None
    except yaml.YAMLError:
        raise UsageError(f"{path}: this is not a text file; a profile is YAML text") from None


def read_text(path: Path, option: str = "--profile") -> str:
    """What ``read_document`` reads, without a byte order mark. Raises UsageError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file; check the path after {option}") from None
    except IsADirectoryError:
        raise UsageError(f"{path}: this is a folder; name the profile in it") from None
    except OSError as error:
        raise UsageError(f"{path}: can not be read ({error.strerror}); check its permissions") from None
    if len(raw) > MAX_BYTES:
        raise UsageError(f"{path}: is larger than {MAX_BYTES // 1024} KiB; this can not be a profile")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: this is not UTF-8 text; save the profile as UTF-8") from None


def _explain(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "unreadable"
    if "'\\t'" in problem:
        return "this line is indented with a tab; use spaces"
    context = f" {error.context}" if error.context else ""
    return f"this is not valid YAML ({problem}{context}); check indentation, quotes and brackets"


class _Refused(Exception):
    """Valid YAML that a profile does not need."""

    def __init__(self, event: yaml.Event, text: str) -> None:
        super().__init__(text)
        self.line = _line(event)


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None, "the parser marks every event"
    return event.start_mark.line + 1


class _Builder:
    """Builds the tree from parser events."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._problems: list[Problem] = []

    def document(self) -> Document:
        next(self._events)  # the start of the stream
        if not isinstance(next(self._events), yaml.DocumentStartEvent):
            return Document(Node(1, None), ())
        root = self._node(next(self._events), None, "", 0)
        next(self._events)  # the end of the document
        after = next(self._events)
        if isinstance(after, yaml.DocumentStartEvent):
            raise _Refused(after, "a second document begins here; a profile is one document, remove the line ---")
        return Document(root, tuple(self._problems))

    def _node(self, event: yaml.Event, line: int | None, where: str, depth: int) -> Node:
        self._refuse_magic(event)
        if depth > MAX_DEPTH:
            raise _Refused(event, f"this is nested more than {MAX_DEPTH} deep; this can not be a profile")
        line = line or _line(event)
        if isinstance(event, yaml.ScalarEvent):
            empty = event.style is None and event.value in _NOTHING
            return Node(line, None if empty else event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(line, self._items(where, depth))
        return Node(line, self._pairs(where, depth))

    @staticmethod
    def _refuse_magic(event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _Refused(
                event, "anchors and aliases (& and *) are not used in profiles; write the value out, or quote it"
            )
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":  # a lone ! marks quoted text
            raise _Refused(event, "tags (!) are not used in profiles; write the plain value, or quote it")

    def _items(self, where: str, depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, None, f"{where}[{len(items)}]", depth + 1))
        return items

    def _pairs(self, where: str, depth: int) -> dict[str, Node]:
        pairs: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._refuse_magic(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _Refused(event, "a key must be plain text")
            key = event.value
            line = _line(event)
            path = f"{where}.{key}" if where else key
            node = self._node(next(self._events), line, path, depth + 1)
            if key in pairs:
                self._problems.append(Problem(line, path, f"was already said in line {pairs[key].line}; remove one"))
            pairs.setdefault(key, node)
        return pairs
