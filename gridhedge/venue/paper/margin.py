"""Cross margin in hedge mode, as Bybit's unified account computes it. Pure formulas; both legs count in full.

With V = quantity x mark price, L = leverage and f = taker fee (Bybit v5, UTA 2.0, mark-price margin since 2025-09-02):

* closing fee           c = V x (1 - 1/L) x f for long, V x (1 + 1/L) x f for short (closing at the bankruptcy price)
* initial margin          = V / L + c
* maintenance margin      = V x rate - deduction + c, by the tier in which V lies
* margin of an opening order at price P = P x Q / L + P x Q x f + closing fee at P
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.instrument import Instrument
from gridhedge.domain.values import HUNDRED, ONE, ZERO, Money, Price, Quantity, Side

__all__ = ["MAX_RATE", "Figures", "Rates", "Step", "band", "maintenance", "margin_rates", "mm_rate", "steps"]

MAX_RATE = Decimal(9999)
"""The maintenance margin rate shown where the margin balance is gone."""


class Rates(NamedTuple):
    """Margin per unit of notional of one side at one leverage."""

    position: Decimal
    order: Decimal
    closing: Decimal


class Figures(NamedTuple):
    """What the open positions amount to at the mark."""

    unrealised: Money
    initial: Money
    maintenance: Money


class Step(NamedTuple):
    """A margin tier as seen from the one below: how steeply maintenance margin may grow, and up to which notional."""

    limit: Money
    next_rate: Decimal
    next_limit: Money | None


def margin_rates(side: Side, leverage: int, taker: Decimal) -> Rates:
    part = ONE / leverage
    closing = (ONE - part if side.is_long else ONE + part) * taker
    return Rates(part + closing, part + taker + closing, closing)


def maintenance(instrument: Instrument, value: Money, closing: Decimal) -> Money:
    """Maintenance margin of a leg of this value, closing fee included."""
    return instrument.maintenance_margin(value) + value * closing


def mm_rate(maintenance_margin: Money, margin_balance: Money) -> Decimal:
    """Maintenance margin in percent of the margin balance; 100 is liquidation."""
    if not maintenance_margin:
        return ZERO
    if margin_balance <= ZERO:
        return MAX_RATE
    return min(MAX_RATE, HUNDRED * maintenance_margin / margin_balance)


def steps(instrument: Instrument) -> tuple[Step, ...]:
    """For each tier: its limit, and rate and limit of the next one (the last tier goes on without limit)."""
    tiers = instrument.tiers
    last = len(tiers) - 1
    return tuple(
        Step(
            tier.max_notional,
            tiers[min(index + 1, last)].rate,
            tiers[index + 1].max_notional if index < last - 1 else None,
        )
        for index, tier in enumerate(tiers)
    )


def band(
    steps: tuple[Step, ...],
    price: Price,
    tick: Price,
    long: Quantity,
    short: Quantity,
    closing: Decimal,
    slack: Money,
) -> tuple[Price | None, Price | None]:
    """Prices between which the account can not lose ``slack`` against its maintenance margin through this symbol.

    Falling by one unit costs at most ``long - short`` (maintenance margin falls, too). Rising by one costs at most
    ``short - long`` plus the growth of maintenance margin, whose slope is the rate of the next tier as long as the
    price stays inside that. None: no such bound. Ends are at least one tick away, so that a search always moves on.
    """
    low = high = None
    falling = long - short
    if falling > ZERO:
        bound = price - slack / falling
        if bound > ZERO:
            low = min(bound // tick * tick + tick, price - tick)
    rising = closing * (long + short) - falling
    for quantity in (long, short):
        if quantity:
            value = quantity * price
            for step in steps:
                if value <= step.limit:
                    break
            rising += step.next_rate * quantity
            if step.next_limit is not None:
                bound = step.next_limit / quantity
                if high is None or bound < high:
                    high = bound
    if rising > ZERO:
        bound = price + slack / rising
        if high is None or bound < high:
            high = bound
    if high is not None:
        high = max(high // tick * tick, price + tick)
    return low, high
