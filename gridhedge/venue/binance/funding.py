"""Funding, told by side. Binance's income rows name a symbol and an amount, and leave the side to be found out.

A positive rate is paid by longs and received by shorts: what each side owes is quantity x mark price x rate. A row is
taken for the side's, or for the sum of both, whichever it is nearest to; a sum is split, and the digits that the parts
do not explain go to the larger side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.values import SIDES, ZERO, Millis, Money, Price, Quantity, Side
from gridhedge.venue.fields import Row, amount, millis, money, text

__all__ = ["LAG_MS", "Charge", "Rate", "by_side", "charge", "hour", "rate"]

LAG_MS: Millis = 600_000
"""A charge may be listed later than it was made: rows are read again from so long before what is known."""
_HOUR_MS = 3_600_000
_CENT = Decimal("1E-8")


class Charge(NamedTuple):
    """A row of the income list; ``paid`` is positive when paid."""

    symbol: str
    paid: Money
    at: Millis


class Rate(NamedTuple):
    """A symbol's funding rate at one charge, and the price that the positions were valued at (zero: not told)."""

    rate: Decimal
    mark: Price


def charge(item: Row) -> Charge:
    """A row of ``income`` of the kind FUNDING_FEE."""
    return Charge(text(item, "symbol"), -money(item, "income"), millis(item, "time"))


def rate(item: Row) -> tuple[Millis, Rate]:
    """A row of ``fundingRate``, and the hour it belongs to."""
    return hour(millis(item, "fundingTime")), Rate(money(item, "fundingRate"), amount(item, "markPrice", empty=ZERO))


def hour(at: Millis) -> Millis:
    """Charges are made on the hour and listed a little later: the hour names them."""
    return at // _HOUR_MS * _HOUR_MS


def by_side(
    charges: Iterable[Charge],
    rates: Mapping[Millis, Rate],
    now_held: Mapping[Side, Quantity],
    trades: Sequence[Execution],
) -> list[Funding]:
    """The payments of one symbol, each side at most once an hour, oldest first.

    ``now_held`` and the executions since the oldest charge tell what was held at each. A charge whose rate is not known
    (yet) is left for later.
    """
    rows: dict[Millis, list[Charge]] = {}
    for one in charges:
        rows.setdefault(hour(one.at), []).append(one)
    found: list[Funding] = []
    for at, listed in sorted(rows.items()):
        if at in rates:
            held = _held_at(at, now_held, trades)
            found += _told(listed, at, rates[at], held)
    return found


def _held_at(at: Millis, now_held: Mapping[Side, Quantity], trades: Sequence[Execution]) -> dict[Side, Quantity]:
    held = {side: now_held.get(side, ZERO) for side in SIDES}
    for trade in trades:
        if trade.at >= at:
            held[trade.side] += trade.quantity if trade.closing else -trade.quantity
    return {side: max(quantity, ZERO) for side, quantity in held.items()}


def _told(listed: list[Charge], at: Millis, rate: Rate, held: Mapping[Side, Quantity]) -> list[Funding]:
    mark = rate.mark or Decimal(1)
    owed = {side: held[side] * mark * rate.rate * side.sign for side in SIDES}
    paid: dict[Side, Money] = {}
    for one in listed:
        for side, part in _parts(one.paid, owed, rate, held).items():
            paid[side] = paid.get(side, ZERO) + part
    symbol = listed[0].symbol
    return [
        Funding(f"{symbol}-{at}-{side.value}", symbol, side, paid[side], rate.rate, listed[0].at)
        for side in SIDES
        if paid.get(side)
    ]


def _parts(paid: Money, owed: Mapping[Side, Money], rate: Rate, held: Mapping[Side, Quantity]) -> dict[Side, Money]:
    """A row's amount by side."""
    payer = Side.LONG if paid * rate.rate >= ZERO else Side.SHORT
    both = all(held.values())
    total = sum(owed.values())
    if not both or not rate.mark or abs(paid - owed[payer]) <= abs(paid - total):
        return {payer: paid}
    smaller = min(SIDES, key=lambda side: held[side])
    part = owed[smaller].quantize(_CENT)
    return {smaller: part, smaller.other: paid - part}
