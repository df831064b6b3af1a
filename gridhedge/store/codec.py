"""Named tuples as JSON and back, derived from their annotations.

Two manners of writing share the machinery:

* the **journal** form is canonical: keys sorted, no spaces, decimals as plain strings, times as integers, nested
  tuples as lists, and a ``type`` that names the event. The same event gives the same bytes on every machine;
* the **open** form is for people and other programs: nested tuples as objects, times as ISO 8601 in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from gridhedge.domain.events import Event
from gridhedge.store.times import iso, millis

__all__ = ["decode", "decode_open", "encode", "encode_open", "plain_decimal"]

_T = TypeVar("_T")
_quoted = json.encoder.encode_basestring_ascii


def encode(event: Event) -> str:
    """The canonical JSON of a journal event. Raises ValueError for a number that is not finite."""
    return _EVENTS[type(event).__name__].dump(event)


def decode(text: str) -> Event:
    """The event that ``encode`` wrote. Fields missing in an older journal take their defaults. Raises ValueError."""
    try:
        fields = json.loads(text)
        event: Event = _EVENTS[fields.pop("type")].load(fields)
    except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise ValueError(f"not a journal event: {text[:200]!r} ({error!r})") from error
    return event


def encode_open(value: tuple[Any, ...]) -> str:
    """A named tuple as JSON in the open form. Raises ValueError for a number that is not finite."""
    return _record(type(value), _open).dump(value)


def decode_open(kind: type[_T], text: str) -> _T:
    """What ``encode_open`` wrote, as a ``kind``. Raises ValueError."""
    try:
        value: _T = _record(kind, _open).load(json.loads(text))
    except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise ValueError(f"not a {kind.__name__}: {error!r}") from error
    return value


def plain_decimal(number: Decimal) -> str:
    """All digits, no exponent: ``1E+2`` -> ``100``. Raises ValueError for NaN and infinities."""
    if not number.is_finite():
        raise ValueError(f"{number} is not a finite number")
    return format(number, "f")


# ---- forms -----------------------------------------------------------------------------------------------------------


class _Form(NamedTuple):
    """How values of one type are written, as JSON, and made again from what the JSON parser gives."""

    dump: Callable[[Any], str]
    load: Callable[[Any], Any]


class _Manner(NamedTuple):
    times: _Form
    nested: Callable[[type, _Manner], _Form]


class _Instant(int):
    """Stands in for ``Millis`` while annotations are resolved, so that times can be told from other integers."""


def _exactly(kind: type, dump: Callable[[Any], str]) -> _Form:
    def load(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is not a {kind.__name__}")
        return value

    return _Form(dump, load)


_TEXT = _exactly(str, _quoted)
_NUMBER = _exactly(int, int.__repr__)
_PLAIN = {str: _TEXT, int: _NUMBER, bool: _exactly(bool, lambda value: "true" if value else "false")}


def _load_decimal(value: Any) -> Decimal:
    if type(value) is not str:
        raise TypeError(f"{value!r} is not a decimal in a string")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number


_DECIMAL = _Form(lambda value: f'"{plain_decimal(value)}"', _load_decimal)


def _record(kind: type[Any], manner: _Manner, **constants: str) -> _Form:
    """A named tuple as an object, to which constants may be added; a field with a default may be missing."""
    if (known := _records.get((kind, manner))) is not None:
        return known
    forms = _fields(kind, manner)
    loads = [(name, form.load) for name, form in forms.items()]
    dumps = [form.dump for form in forms.values()]
    # Keys in their order, with a place for each value.
    texts = {name: f"{{{place}}}" for place, name in enumerate(forms)}
    texts |= {name: _quoted(value) for name, value in constants.items()}
    fill = ("{{" + ",".join([f"{_quoted(name)}:{texts[name]}" for name in sorted(texts)]) + "}}").format
    defaults = kind._field_defaults
    make = kind._make

    def dump(value: Iterable[Any]) -> str:
        return fill(*[put(field) for put, field in zip(dumps, value, strict=True)])

    def load(fields: dict[str, Any]) -> Any:
        if not fields.keys() <= forms.keys():
            raise KeyError(f"unknown field {min(fields.keys() - forms.keys())}")
        return make([take(fields[name]) if name in fields else defaults[name] for name, take in loads])

    return _records.setdefault((kind, manner), _Form(dump, load))


def _row(kind: type[Any], manner: _Manner) -> _Form:
    """A named tuple as a list."""
    forms = list(_fields(kind, manner).values())
    make = kind._make

    def dump(value: Iterable[Any]) -> str:
        return f"[{','.join([form.dump(field) for form, field in zip(forms, value, strict=True)])}]"

    def load(fields: list[Any]) -> Any:
        return make([form.load(field) for form, field in zip(forms, fields, strict=True)])

    return _Form(dump, load)


def _fields(kind: type, manner: _Manner) -> dict[str, _Form]:
    hints = get_type_hints(kind, localns={"Millis": _Instant})
    return {name: _form(hint, manner) for name, hint in hints.items()}


def _form(hint: Any, manner: _Manner) -> _Form:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _optional(hint, manner)
    if origin is tuple:
        return _many(hint, manner)
    if origin is Literal:
        return _TEXT
    if hint is Decimal:
        return _DECIMAL
    if hint is _Instant:
        return manner.times
    if issubclass(hint, Enum):
        return _Form({member: _quoted(member.value) for member in hint}.__getitem__, hint)
    if issubclass(hint, tuple):
        return manner.nested(hint, manner)
    assert hint in _PLAIN, f"no JSON form for {hint!r}"
    return _PLAIN[hint]


def _optional(hint: Any, manner: _Manner) -> _Form:
    kinds = [part for part in get_args(hint) if part is not NoneType]
    assert len(kinds) == 1, f"no JSON form for {hint!r}"
    inner = _form(kinds[0], manner)
    return _Form(
        lambda value: "null" if value is None else inner.dump(value),
        lambda value: None if value is None else inner.load(value),
    )


def _many(hint: Any, manner: _Manner) -> _Form:
    kind, ellipsis = get_args(hint)
    assert ellipsis is ..., f"no JSON form for {hint!r}"
    inner = _form(kind, manner)

    def load(values: Any) -> tuple[Any, ...]:
        if type(values) is not list:
            raise TypeError(f"{values!r} is not a list")
        return tuple([inner.load(value) for value in values])

    return _Form(lambda values: f"[{','.join([inner.dump(value) for value in values])}]", load)


_journal = _Manner(_NUMBER, _row)
_open = _Manner(_Form(lambda at: f'"{iso(at)}"', millis), _record)
_records: dict[tuple[type, _Manner], _Form] = {}
_EVENTS = {kind.__name__: _record(kind, _journal, type=kind.__name__) for kind in get_args(Event)}
