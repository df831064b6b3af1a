"""Numbers and times of a report as texts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from gridhedge.domain.values import ONE, Millis, Money


def money(amount: Money) -> str:
    """With thousands; cents, or hundredths of a cent below one unit. Zero has no sign."""
    text = f"{amount:,.{4 if amount and abs(amount) < ONE else 2}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text


def plain(number: Decimal) -> str:
    """All digits, no exponent, no trailing zeros: for files that programs read."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def seconds(milliseconds: Millis) -> str:
    """``0.412`` for 412 ms."""
    return plain(Decimal(milliseconds) / 1000)


def iso(at: Millis) -> str:
    """ISO 8601, UTC, to the millisecond."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def minute(at: Millis) -> str:
    """A time for people, UTC."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M}"


def duration(milliseconds: Millis) -> str:
    """In its two largest units: ``0.412 s``, ``12 s``, ``3 m 05 s``, ``7 h 12 m``, ``2 d 03 h``."""
    whole = milliseconds // 1000
    for name, size, lesser, lesser_size in (("d", 86400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1)):
        if whole >= size:
            return f"{whole // size} {name} {whole % size // lesser_size:02d} {lesser}"
    return f"{seconds(milliseconds)} s"
