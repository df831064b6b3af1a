"""The search for the largest quantity that a venue accepts, in a bounded number of requests."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple, TypeAlias

from gridhedge.domain.order import Order
from gridhedge.domain.values import ZERO, Millis, Quantity, Role

MAX_REQUESTS = 10
"""The first refusal among them. Nine halvings come within two thousandths of what the venue takes."""
FORGOTTEN_MS: Millis = 60_000
"""An old refusal says nothing of now: after so long the whole quantity is asked for again."""
_GRID = 1000


class Squeeze(NamedTuple):
    """What is known of one order's quantity after the venue has refused it for its size."""

    refused: Quantity
    """The smallest quantity that was refused."""
    accepted: Quantity
    """The largest that was accepted; 0 while none was."""
    requests: int
    at: Millis
    """When the venue answered last."""

    def after_refusal(self, quantity: Quantity, at: Millis) -> Squeeze:
        if at - self.at > FORGOTTEN_MS:
            return Squeeze(quantity, ZERO, 1, at)
        accepted = self.accepted if self.accepted < quantity else ZERO
        return Squeeze(min(self.refused, quantity), accepted, self.requests + 1, at)

    def after_acceptance(self, quantity: Quantity, at: Millis) -> Squeeze | None:
        """None once nothing smaller than what was accepted has been refused: the search is over."""
        if quantity >= self.refused:
            return None
        return Squeeze(self.refused, max(self.accepted, quantity), self.requests + 1, at)

    def next_try(self, wanted: Quantity, least: Decimal, step: Quantity, first: Quantity | None = None) -> Quantity:
        """The quantity to ask for now: on a 0.1 % grid of ``wanted``, not below ``least`` (a fraction) of it, floored
        to ``step``. ``first`` is the guess after the first refusal; after that the interval is halved. What was
        accepted once the search has ended; 0: the venue accepts nothing of that size.
        """
        if self.requests >= MAX_REQUESTS:
            return self.accepted
        unit = wanted / _GRID
        lowest = int(least * _GRID)
        high = int(min(self.refused, wanted) / unit)
        low = int(self.accepted / unit) if self.accepted else lowest
        place = (low + high) // 2
        if self.requests == 1 and first is not None:
            place = max(min(int(first / unit), high - 1), lowest)
        quantity = unit * place // step * step
        if quantity >= self.refused:  # the step is coarser than the grid
            quantity = self.refused - step
        if quantity <= self.accepted or quantity < unit * lowest or quantity <= 0:
            return self.accepted
        return quantity


Squeezes: TypeAlias = dict[tuple[Role, int], Squeeze]
"""By role and level."""


def note_refused(squeezes: Squeezes, order: Order, at: Millis) -> None:
    """The venue has refused to place an order, or to amend it to another quantity."""
    slot = (order.key.role, order.key.level)
    rests = ZERO if order.amending is None else order.remaining
    refused = order.remaining if order.amending is None else order.amending[1] - order.filled
    known = squeezes.get(slot) or Squeeze(refused, rests, 0, at)
    squeezes[slot] = known.after_refusal(refused, at)


def note_accepted(squeezes: Squeezes, order: Order) -> None:
    """The venue takes this quantity: the search for the largest one goes on from there, or is over."""
    slot = (order.key.role, order.key.level)
    if slot in squeezes:
        known = squeezes[slot].after_acceptance(order.remaining, order.changed)
        if known is None:
            del squeezes[slot]
        else:
            squeezes[slot] = known
