"""Numbers and texts as a person reads them: no float noise, no terminal escapes, nothing that moves the cursor."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from gridhedge.domain.values import HUNDRED, ONE, Millis, Money, Price, Quantity

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours and cursor moves
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, links, device strings
    r"|\x1b[ -/]*[0-~]"
)
_BLOCKS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉"


def clean(text: str) -> str:
    """``text`` on one line without terminal escapes, control, direction and zero-width characters."""
    bare = _ESCAPES.sub("", text)
    return "".join(_printable(character) for character in bare).strip()


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zl", "Zp") or character in "\t\n\r":
        return " "
    return "" if category[0] == "C" else character


def places_of(tick_size: Price) -> int:
    """How many decimals a multiple of ``tick_size`` has at most."""
    exponent = tick_size.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def fixed(number: Decimal, places: int, sign: str = "") -> str:
    """``number`` with thousands and exactly ``places`` decimals; ``sign="+"`` marks gains too. Zero has no sign."""
    with localcontext() as context:
        context.prec = 60
        context.rounding = ROUND_HALF_EVEN
        text = f"{number:{sign},.{places}f}"
    return text.lstrip("+-") if not text.strip("+-0.,") else text


def price_text(price: Price, tick_size: Price) -> str:
    """A price to the tick, with thousands."""
    return fixed(price, places_of(tick_size))


def quantity_text(quantity: Quantity) -> str:
    """A quantity with thousands and no trailing zeros."""
    text = f"{quantity:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money_text(money: Money, sign: str = "") -> str:
    """Money in cents; in hundredths of a cent below one unit, where small grids earn."""
    return fixed(money, 4 if money and abs(money) < ONE else 2, sign)


def percent_text(percent: Decimal, sign: str = "+") -> str:
    return fixed(percent, 2, sign) + " %"


def distance_percent(price: Price, last: Price) -> Decimal | None:
    """How far ``price`` is from the last one, in percent of it; None before a price has been seen."""
    return (price / last - ONE) * HUNDRED if last > 0 else None


def age_text(milliseconds: Millis) -> str:
    """A duration in its two largest units: ``4 s``, ``3 m 05 s``, ``7 h 12 m``, ``2 d 03 h``."""
    seconds = max(0, milliseconds) // 1000
    for name, size, lesser, lesser_size in (("d", 86400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1)):
        if seconds >= size:
            return f"{seconds // size} {name} {seconds % size // lesser_size:02d} {lesser}"
    return f"{seconds} s"


def clock_text(at: Millis) -> str:
    """Time of the day, UTC."""
    try:
        return f"{datetime.fromtimestamp(at / 1000, UTC):%H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "--:--:--"


def sparkline(prices: Sequence[Price], width: int) -> str:
    """The newest ``width`` prices as blocks between their lowest and highest; a flat line where nothing moved."""
    shown = prices[-width:] if width > 0 else ()
    if len(shown) < 2:
        return ""
    low, high = min(shown), max(shown)
    if low == high:
        return _BLOCKS[3] * len(shown)
    return "".join(_BLOCKS[int((price - low) * 7 / (high - low))] for price in shown)


def gauge(part: Decimal, whole: Decimal, mark: Decimal, width: int) -> str:
    """A bar of ``part`` in ``whole``, drawn to an eighth of a cell; ``┃`` shows where ``mark`` lies on that scale."""
    eighths = _share(part, whole, width * 8)
    full, rest = divmod(eighths, 8)
    bar = ("█" * full + (_EIGHTHS[rest] if rest else "") + "░" * width)[:width]
    at = min(_share(mark, whole, width), width - 1)
    return f"{bar[:at]}┃{bar[at + 1 :]}" if width > 0 else ""


def _share(part: Decimal, whole: Decimal, steps: int) -> int:
    if whole <= 0 or part <= 0:
        return 0
    return steps if part >= whole else int(part * steps / whole)
