"""The price at which a whole side closes with the promised profit, net of every fee and of funding."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.instrument import Instrument
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import ONE, Money, Price


def take_profit_price(side: SideBook, instrument: Instrument, rate: Decimal, fee_rate: Decimal) -> Price:
    """Close what is held at this price, and the cycle has earned at least ``rate`` times its cost.

    With C the cost of all entries, F their fees, U the funding paid, X the money of the part already closed and f the
    fee rate of the closing order::

        long :  ceil_tick ((C + F + U + rC - X) / (held (1 - f)))
        short:  floor_tick((C - F - U - rC - X) / (held (1 + f)))

    A short whose costs eat its whole price has no such price, and what is left of a long may have been earned by the
    part that is closed already: the answer is then the lowest tick.
    """
    return exit_price(side, instrument, side.cost * rate, fee_rate)


def exit_price(side: SideBook, instrument: Instrument, profit: Money, fee_rate: Decimal) -> Price:
    """As ``take_profit_price``, for a net profit in quote currency."""
    held = side.entered - side.closed
    extra = side.fees + side.funding + profit
    if side.side.is_long:
        exact = (side.cost + extra - side.closed_money) / (held * (ONE - fee_rate))
        return max(instrument.ceil_price(exact), instrument.tick_size)
    exact = (side.cost - extra - side.closed_money) / (held * (ONE + fee_rate))
    return max(instrument.floor_price(exact), instrument.tick_size)


def net_profit_at(side: SideBook, price: Price, fee_rate: Decimal) -> Money:
    """What the cycle earns if all that is held closes at ``price`` with this fee rate."""
    value = (side.entered - side.closed) * price
    if side.side.is_long:
        gross = value * (ONE - fee_rate) + side.closed_money - side.cost
    else:
        gross = side.cost - side.closed_money - value * (ONE + fee_rate)
    return gross - side.fees - side.funding


def is_good_enough(side: SideBook, resting: Price, ideal: Price, rate: Decimal, fee_rate: Decimal) -> bool:
    """Whether a resting take-profit may keep its place in the queue: it still earns what was promised, and it is not
    off by more than a twentieth of the take-profit."""
    if resting == ideal:
        return True
    return net_profit_at(side, resting, fee_rate) >= rate * side.cost and abs(resting - ideal) * 20 <= ideal * rate
