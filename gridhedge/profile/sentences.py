"""Turns what the schema found wrong into sentences with line, field, mistake and remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gridhedge.profile.by_name import ByName
from gridhedge.profile.document import Node, Problem
from gridhedge.profile.schema import Slot, expected, listed, range_of, step_into
from gridhedge.profile.settings import RULE

__all__ = ["nearest", "problems_of", "shown"]


class _Place(NamedTuple):
    """A place in file and schema at once."""

    node: Node
    line: int
    where: str
    slot: Slot
    parent: Slot
    key: str


def problems_of(error: ValidationError, root: Node, model: type[BaseModel]) -> Iterator[Problem]:
    """Every error of a validation of ``root``'s plain tree against ``model``."""
    for detail in error.errors(include_url=False):
        if detail["type"] == RULE:
            for at, text in detail["ctx"]["broken"]:
                place = _find(root, model, at)
                yield Problem(place.line, place.where, text)
            continue
        place = _find(root, model, detail["loc"])
        if detail["type"] == "too_short" and place.node.value:
            continue  # pydantic does not count entries that are wrong in themselves
        yield _choice(detail, place) if place.slot.by_name else Problem(place.line, place.where, _say(detail, place))


def _find(root: Node, model: type[BaseModel], location: Sequence[str | int]) -> _Place:
    """Walks file and schema together along pydantic's location, as far as the file goes.

    Where a name chooses the model, pydantic puts that name into the location; the file has no level for it.
    """
    node, line, where, slot, parent, key = root, root.line, "", Slot(model), Slot(model), ""
    for part in location:
        chosen = slot.by_name is not None
        parent, key, slot = slot, str(part), step_into(slot, part)
        if chosen:
            continue
        where += f"[{part}]" if isinstance(part, int) else f".{part}"
        child = _child(node, part)
        if child is not None:
            line = child.line
        node = child or Node(line, None)
    return _Place(node, line, where.removeprefix("."), slot, parent, key)


def _child(node: Node, part: str | int) -> Node | None:
    if isinstance(node.value, dict):
        return node.value.get(str(part))
    if isinstance(node.value, list) and isinstance(part, int):
        return node.value[part]
    return None


def _choice(detail: ErrorDetails, place: _Place) -> Problem:
    """A missing or wrong name where a name chooses the model."""
    mark = place.slot.by_name
    assert mark is not None
    if not isinstance(place.node.value, dict):
        return Problem(place.line, place.where, _say(detail, place))
    where = f"{place.where}.{mark.key}"
    child = _child(place.node, mark.key)
    if child is None:
        return Problem(place.line, where, f"is missing; give {listed(mark.available)}")
    return Problem(child.line, where, _wrong_name(mark, child.value))


def _wrong_name(mark: ByName, value: Any) -> str:
    if isinstance(value, str) and value in mark.table:
        return f"{mark.what} {value} is not available in this version; choose {listed(mark.available)}"
    return f"{shown(value)} is not a {mark.what};{_meant(value, mark.available)} choose {listed(mark.available)}"


def _say(detail: ErrorDetails, place: _Place) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    value = shown(place.node.value)
    match kind:
        case "missing":
            return f"is missing; give {expected(place.slot)}"
        case "extra_forbidden":
            return _unknown_key(place)
        case "greater_than_equal":
            return f"{value} is below the minimum {_number(context['ge'])}; choose{range_of(place.slot)}"
        case "less_than_equal":
            return f"{value} is above the maximum {_number(context['le'])}; choose{range_of(place.slot)}"
        case "greater_than":
            return f"{value} is not above {_number(context['gt'])}; choose{range_of(place.slot)}"
        case "less_than":
            return f"{value} is not below {_number(context['lt'])}; choose{range_of(place.slot)}"
        case "decimal_max_places":
            return f"{value} has too many digits; {context['decimal_places']} after the point are the most"
        case "too_short":
            return "is empty; give at least one"
        case "too_long":
            return f"has {context['actual_length']} entries; {context['max_length']} are the most"
        case "literal_error":
            choices = get_args(place.slot.type)
            return f"{value} is not possible here;{_meant(place.node.value, choices)} choose {listed(choices)}"
    if place.node.value is None:
        return f"is empty; give {expected(place.slot)}"
    return f"{value} is not possible here; give {expected(place.slot)}"


def _unknown_key(place: _Place) -> str:
    known = place.parent.keys
    hint = _meant(place.key, known) or f" known here: {', '.join(known)};"
    return f"is not a known key;{hint} correct or remove it"


def _meant(value: Any, choices: Iterable[str]) -> str:
    close = nearest(value, choices) if isinstance(value, str) else None
    return f" did you mean {close}?" if close else ""


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that ``word`` was probably meant to be."""
    lowered = word.lower()
    choices = tuple(choices)
    close = difflib.get_close_matches(lowered, choices, n=1, cutoff=0.6)
    if close:
        return close[0]
    return next((choice for choice in choices if len(lowered) >= 4 and lowered in choice), None)


def shown(value: Any) -> str:
    """A value as a sentence may show it: short, on one line, printable."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a group of settings"
    if isinstance(value, list):
        return "a list"
    clean = "".join(character if character.isprintable() else "?" for character in value)
    clean = clean if len(clean) <= 40 else f"{clean[:39]}…"
    return clean if _is_number(clean) else f"'{clean}'"


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).removeprefix("-").isdecimal()


def _number(bound: Any) -> str:
    return f"{bound:f}" if isinstance(bound, Decimal) else str(bound)
