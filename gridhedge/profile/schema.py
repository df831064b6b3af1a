"""Looks up in the schema what belongs at a place, and says it in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gridhedge.profile.by_name import ByName

__all__ = ["Slot", "expected", "listed", "slot_of", "step_into"]


class Slot(NamedTuple):
    """What the schema wants at a place."""

    type: Any
    """A model, or the annotation of a field without its metadata."""
    metadata: Sequence[Any] = ()
    description: str | None = None

    @property
    def by_name(self) -> ByName | None:
        return next((mark for mark in self.metadata if isinstance(mark, ByName)), None)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are known here; empty where any may stand."""
        return tuple(self.type.model_fields) if _is_model(self.type) else ()


def slot_of(annotation: Any) -> Slot:
    """The slot of an annotation, with ``Annotated`` and ``| None`` taken off."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        info = next((item for item in metadata if isinstance(item, FieldInfo)), None)
        marks = [*metadata, *(info.metadata if info else ())]
        return slot_of(inner)._replace(metadata=marks, description=info.description if info else None)
    options = [option for option in get_args(annotation) if option is not type(None)]
    if type(None) in get_args(annotation) and len(options) == 1:
        return slot_of(options[0])
    return Slot(annotation)


def step_into(slot: Slot, part: str | int) -> Slot:
    """The slot under a key, at an index, or behind the name that chose a model; a slot of anything where none is."""
    if slot.by_name is not None:
        return Slot(slot.by_name.table.get(str(part)) or Any)
    if _is_model(slot.type):
        field = slot.type.model_fields.get(str(part))
        if field is None:
            return Slot(Any)
        inner = slot_of(field.annotation)
        return inner._replace(
            metadata=[*inner.metadata, *field.metadata], description=field.description or inner.description
        )
    arguments = get_args(slot.type)
    if get_origin(slot.type) is dict:
        return slot_of(arguments[1])
    if get_origin(slot.type) is tuple:
        return slot_of(arguments[0])
    return Slot(Any)


def expected(slot: Slot) -> str:
    """What to write there: "a whole number 1–200", "keep or cancel_all"."""
    if slot.description:
        return slot.description
    if slot.by_name is not None or _is_model(slot.type) or get_origin(slot.type) is dict:
        return "a group of settings (lines of key: value)"
    if get_origin(slot.type) is tuple:
        return "a list (lines that begin with -)"
    if get_origin(slot.type) is Literal:
        return listed(get_args(slot.type))
    words = {int: "a whole number", Decimal: "a number", bool: "true or false", Path: "a file name", datetime: "a time"}
    return f"{words.get(slot.type, 'text')}{range_of(slot)}"


def listed(choices: Sequence[str]) -> str:
    """``a, b or c``."""
    *most, last = choices
    return f"{', '.join(most)} or {last}" if most else last


def range_of(slot: Slot) -> str:
    """The bounds of a number in words, with a leading blank; empty where there are none."""
    bounds: dict[str, Any] = {}
    for mark in slot.metadata:
        bounds.update({name: getattr(mark, name) for name in ("ge", "gt", "le", "lt") if hasattr(mark, name)})
    bounds = {name: f"{bound:f}" if isinstance(bound, Decimal) else bound for name, bound in bounds.items()}
    if "ge" in bounds and "le" in bounds:
        return f" {bounds['ge']}–{bounds['le']}"
    words = {"ge": "from {}", "gt": "above {}", "le": "up to {}", "lt": "below {}"}
    said = [text.format(bounds[name]) for name, text in words.items() if name in bounds]
    return f" {', '.join(said)}" if said else ""


def _is_model(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, BaseModel)
