"""Strict reading of what venues send: all of it is hostile text until it has been looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from gridhedge.domain.errors import Unclear
from gridhedge.domain.values import ZERO, Millis

__all__ = [
    "Malformed",
    "Row",
    "amount",
    "choice",
    "integer",
    "listed",
    "millis",
    "money",
    "row",
    "rows",
    "text",
    "word",
]

Row: TypeAlias = Mapping[str, Any]

_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,40})?")
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST_SHOWN = 40
_FIRST, _LAST = 1_262_304_000_000, 7_258_118_400_000
"""2010 and 2200: times outside are not times."""


class Malformed(Unclear):
    """A message that does not say what it must: nothing may be concluded from it."""


def row(value: object, what: str) -> Row:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Malformed(f"{what} is not an object but {_shown(value)}")
    return value


def listed(holder: Row, name: str) -> list[Any]:
    """The list under ``name``."""
    value = holder.get(name)
    if not isinstance(value, list):
        raise Malformed(f"{name} is not a list but {_shown(value)}")
    return value


def rows(holder: Row, name: str) -> list[Row]:
    """The list of JSON objects under ``name``."""
    return [row(item, name) for item in listed(holder, name)]


def money(holder: Row, name: str) -> Decimal:
    """A decimal of any sign. Venues send decimals as strings; JSON numbers have lost digits already."""
    value = holder.get(name)
    if not isinstance(value, str) or _NUMBER.fullmatch(value) is None:
        raise Malformed(f"{name} is not a decimal but {_shown(value)}")
    return Decimal(value)


def amount(holder: Row, name: str, *, positive: bool = False, empty: Decimal | None = None) -> Decimal:
    """A decimal that is not negative (or above zero). ``empty`` is the meaning of ``""``, where it has one."""
    if empty is not None and holder.get(name) == "":
        return empty
    value = money(holder, name)
    if value < ZERO or (positive and value == ZERO):
        raise Malformed(f"{name} is {value}, which is not {'above zero' if positive else 'possible'}")
    return value


def text(holder: Row, name: str) -> str:
    """A printable text, perhaps empty."""
    value = holder.get(name)
    if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
        raise Malformed(f"{name} is not a text but {_shown(value)}")
    return value


def word(holder: Row, name: str) -> str:
    """An identifier: letters, digits, ``_``, ``-`` and ``.``."""
    value = holder.get(name)
    if not isinstance(value, str) or _WORD.fullmatch(value) is None:
        raise Malformed(f"{name} is not an identifier but {_shown(value)}")
    return value


def choice(holder: Row, name: str, choices: Mapping[str, Any]) -> Any:
    """What the text under ``name`` stands for. An unknown word is an error, never a default."""
    value = holder.get(name)
    if not isinstance(value, str) or value not in choices:
        raise Malformed(f"{name} {_shown(value)} is not known here")
    return choices[value]


def integer(holder: Row, name: str, least: int, most: int) -> int:
    """A JSON integer (``true`` is none)."""
    value = holder.get(name)
    if type(value) is not int or not least <= value <= most:
        raise Malformed(f"{name} is not an integer from {least} to {most} but {_shown(value)}")
    return value


def millis(holder: Row, name: str) -> Millis:
    """A time in milliseconds: an integer, or a string that holds one."""
    value = holder.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 13:
        value = int(value)
    if type(value) is not int or not _FIRST <= value <= _LAST:
        raise Malformed(f"{name} is not a time but {_shown(value)}")
    return value


def _shown(value: object) -> str:
    shown = ascii(value)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
