"""What has been booked: ended orders, executions with their legs, funding payments with theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gridhedge.domain.account import OrderRecord
from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.instrument import Fees
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import ZERO, Millis, Side
from gridhedge.venue.bitget.generation import Bill, Generation, Rate, is_ours
from gridhedge.venue.bitget.known import KnownOrders
from gridhedge.venue.bitget.parse import Leg
from gridhedge.venue.fields import Malformed, word

__all__ = ["bookings", "ended", "funding"]

_TRIGGERED_MS = 2_000
"""Between a stop's end and the making of its order, in Bitget's own times."""
_SETTLING_MS = 3_600_000
"""A payment is booked within the hour after its rate fell due."""


def ended(account: Generation, known: KnownOrders, symbol: str, since: Millis, now: Millis) -> list[OrderRecord]:
    """Orders that have ended, oldest first. A stop is one of them; the order that it became is known by its id."""
    found: dict[str, OrderRecord] = {}
    for record in account.ended_orders(symbol, since, now):
        known.learn(record)
        if record.state.is_final and record.symbol == symbol:
            found[record.venue_id] = record
    for stop, became in account.ended_stops(symbol, since, now):
        if not stop.state.is_final:
            continue
        became = became or _child(found, stop)
        if became:
            known.put(became, Leg(stop.side, True, stop.client_id))
        executed = found.pop(became, None)
        filled = stop.filled if executed is None else executed.filled
        quantity = stop.quantity if executed is None else executed.quantity
        found[stop.venue_id] = stop._replace(filled=filled, quantity=quantity)
    return sorted(found.values(), key=lambda record: (record.changed, record.created))


def _child(found: Mapping[str, OrderRecord], stop: OrderRecord) -> str:
    """The order that a stop became, where nobody tells: a closing one on its leg that is not ours and was made when
    the stop was triggered. Empty if there is none."""
    if stop.state is not OrderState.FILLED:
        return ""
    near = [
        (abs(record.created - stop.changed), record.venue_id)
        for record in found.values()
        if record.closing and record.side is stop.side and not is_ours(record.client_id)
    ]
    away, venue_id = min(near, default=(_TRIGGERED_MS + 1, ""))
    return venue_id if away <= _TRIGGERED_MS else ""


def bookings(
    account: Generation, known: KnownOrders, rates: Fees, symbol: str, since: Millis, now: Millis
) -> list[Execution | Funding]:
    """Executions and funding payments, each once, oldest first. Inside one millisecond Bitget's ids decide."""
    facts: dict[str, Execution | Funding] = {}
    for item in account.fills(symbol, since, now):
        leg = known.get(item.get("orderId"))
        made = account.execution(item, leg, rates)
        if made is None:
            record = account.order(symbol, "", word(item, "orderId"))
            if record is None:
                raise Malformed(f"Bitget: an execution of order {item.get('orderId')} that there is not")
            known.learn(record)
            made = account.execution(item, known.get(record.venue_id), rates)
            assert made is not None, "the leg is known now"
        facts[made.execution_id] = made
    for payment in funding(account, (symbol,), since, now):
        facts[payment.funding_id] = payment
    return sorted(facts.values(), key=_moment)


def _moment(fact: Execution | Funding) -> tuple[Millis, int, str]:
    name = fact.execution_id if isinstance(fact, Execution) else fact.funding_id
    return fact.at, int(name) if name.isdigit() else 0, name


def funding(account: Generation, symbols: Sequence[str], since: Millis, now: Millis) -> list[Funding]:
    """Funding payments of these symbols since then, oldest first."""
    bills = [bill for bill in account.bills(since, now) if bill.symbol in symbols and bill.amount]
    charged = {symbol: account.rates(symbol, since) for symbol in {bill.symbol for bill in bills}}
    found = [_funding(bill, charged[bill.symbol]) for bill in bills]
    return sorted(found, key=_moment)


def _funding(bill: Bill, charged: Sequence[Rate]) -> Funding:
    """Bills do not name the leg: at a positive rate the long leg pays, at a negative one the short."""
    near = [rate for rate in charged if rate.at <= bill.at + 1000 and bill.at - rate.at < _SETTLING_MS]
    rate = max(near, key=lambda rate: rate.at).rate if near else ZERO
    paid_by_long = (bill.amount < ZERO) is (rate >= ZERO)
    return Funding(bill.id, bill.symbol, Side.LONG if paid_by_long else Side.SHORT, -bill.amount, rate, bill.at)
