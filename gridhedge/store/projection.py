"""From the journal to the rows of executions and funding, and to what each side holds. Nothing is read or written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context
from typing import Any, NamedTuple, TypeAlias

from gridhedge.domain.events import Event, Execution, Funding, PositionMended
from gridhedge.domain.order import parse_client_id
from gridhedge.domain.values import MONEY_STEP, ZERO, Money, Quantity
from gridhedge.store.codec import plain_decimal

__all__ = ["FACTS", "Holding", "Projected", "clean", "project"]

FACTS = (Execution, Funding, PositionMended)
"""The events that the tables follow."""

_WIDE = Context(prec=60)


class Holding(NamedTuple):
    """What a side holds, and what that cost."""

    quantity: Quantity
    cost: Money


_NOTHING = Holding(ZERO, ZERO)
Holdings: TypeAlias = dict[tuple[str, str], Holding]
"""By symbol and side."""


class Projected(NamedTuple):
    """Rows as the tables hold them, in the order of ``ExecutionRow`` and ``FundingRow``, and the holdings changed."""

    executions: list[tuple[Any, ...]]
    funding: list[tuple[Any, ...]]
    holdings: Holdings


def project(facts: Iterable[tuple[int, Event]], held: Mapping[tuple[str, str], Holding]) -> Projected:
    """What these events, numbered as in the journal, make of what was held before them."""
    made = Projected([], [], {})
    for seq, event in facts:
        if isinstance(event, Funding):
            made.funding.append(_funding(seq, event))
        elif isinstance(event, Execution | PositionMended):
            place = (clean(event.symbol), event.side.value)
            before = made.holdings.get(place) or held.get(place, _NOTHING)
            if isinstance(event, Execution):
                made.executions.append(_execution(seq, event, _realised(event, before)))
                made.holdings[place] = _after(event, before)
            else:
                made.holdings[place] = Holding(event.quantity, event.quantity * event.average)
    return made


def clean(text: str) -> str:
    """Text from outside may hold half characters that UTF-8, hence SQLite, refuses."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _execution(seq: int, event: Execution, realised: Money | None) -> tuple[Any, ...]:
    # The mark inside the id tells the account apart; here every id of ours is welcome, so its own mark is handed in.
    key = parse_client_id(event.client_id[2:8], event.client_id)
    return (
        seq,
        clean(event.execution_id),
        clean(event.symbol),
        event.at,
        event.side.value,
        *((key.role.value, key.level, key.cycle) if key else (None, None, None)),
        event.closing,
        plain_decimal(event.quantity),
        plain_decimal(event.price),
        plain_decimal(event.fee),
        event.maker,
        event.kind.value,
        clean(event.client_id),
        clean(event.venue_id),
        None if realised is None else plain_decimal(realised),
    )


def _funding(seq: int, event: Funding) -> tuple[Any, ...]:
    return (
        seq,
        clean(event.funding_id),
        clean(event.symbol),
        event.at,
        event.side.value,
        plain_decimal(event.amount),
        plain_decimal(event.rate),
    )


def _realised(event: Execution, held: Holding) -> Money | None:
    """Profit of a closing execution against the side's average cost, before fees; None if the entries are unknown."""
    if not event.closing or not 0 < event.quantity <= held.quantity:
        return None
    profit = event.side.sign * (event.quantity * event.price - _share(event.quantity, held))
    return profit.normalize(_WIDE)


def _share(quantity: Quantity, held: Holding) -> Money:
    if quantity == held.quantity:
        return held.cost
    return _WIDE.quantize(held.cost * quantity / held.quantity, MONEY_STEP)


def _after(event: Execution, held: Holding) -> Holding:
    if not event.closing:
        return Holding(held.quantity + event.quantity, held.cost + event.quantity * event.price)
    if not 0 < event.quantity < held.quantity:
        return _NOTHING
    return Holding(held.quantity - event.quantity, held.cost - _share(event.quantity, held))
