"""What Binance writes in ways of its own: JSON numbers in tables, and values that are absent."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.values import ZERO
from gridhedge.venue.fields import Malformed, Row, amount, row

__all__ = ["flag", "number", "optional", "table"]


def flag(holder: Row, name: str) -> bool:
    """``true`` or ``false``, and nothing that looks like it."""
    value = holder.get(name)
    if type(value) is not bool:
        raise Malformed(f"{name} is neither true nor false but {ascii(value)[:40]}")
    return value


def number(holder: Row, name: str) -> Decimal:
    """A number that is not negative, written as JSON number or as text (leverage brackets have both).

    A float gives back the digits that stood in the JSON: the shortest text that means it.
    """
    value = holder.get(name)
    if type(value) is int or type(value) is float:
        written = Decimal(repr(value))
        if written.is_finite() and ZERO <= written < Decimal(10) ** 20:
            return written
        raise Malformed(f"{name} is not possible: {ascii(value)[:40]}")
    return amount(holder, name)


def optional(holder: Row, name: str) -> Decimal:
    """An amount that may be absent, null or empty, which all mean zero."""
    return ZERO if holder.get(name) in (None, "") else amount(holder, name)


def table(value: object, what: str) -> list[Row]:
    """An answer that is a list of objects."""
    if not isinstance(value, list):
        raise Malformed(f"{what} is not a list but {ascii(value)[:40]}")
    return [row(item, what) for item in value]
