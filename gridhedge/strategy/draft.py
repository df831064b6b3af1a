"""A plan in the making."""

from __future__ import annotations

from typing import Literal

from gridhedge.domain.change import Urgency, Wanted
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.order import Order
from gridhedge.domain.squeeze import FORGOTTEN_MS
from gridhedge.domain.values import ZERO, Millis, Money, Price, Quantity, Role, Side
from gridhedge.strategy.view import Alarm, Plan, View, Withheld

_EXIT = Urgency.EXIT
_WHY_EXIT = {
    Role.TAKE_PROFIT: "closes the side with its profit",
    Role.BREAK_EVEN: "sheds all but level 1 where it breaks even",
}


class Draft:
    """Collects what a plan consists of: orders, alarms, and when to be asked again."""

    __slots__ = ("_above", "_at", "_below", "_slack", "_withheld", "alarms", "reserved", "view", "wanted")

    def __init__(self, view: View) -> None:
        self.view = view
        self.wanted: list[Wanted] = []
        self.alarms: list[Alarm] = []
        self.reserved: Money = ZERO
        self._withheld: list[Withheld] = []
        self._at: Millis | None = None
        self._below: Price | None = None
        self._above: Price | None = None
        self._slack: Money | None = None

    def want_exit(self, side: Side, price: Price, quantity: Quantity, role: Role = Role.TAKE_PROFIT) -> None:
        order = self.view.book.of(side).exits.get(role)
        if order is not None and order.cut is not None and (order.price, order.asked) == (price, quantity):
            quantity = self._cut(order, order.cut.at + FORGOTTEN_MS)
        self.wanted.append(Wanted(side, role, 0, price, quantity, _EXIT, _WHY_EXIT[role]))

    def _cut(self, order: Order, again: Millis) -> Quantity:
        """What the venue has left of an exit: the same is not asked for before ``again``."""
        if self.view.now >= again:
            return order.asked
        self.wake_at(again)
        side = order.key.side.value
        text = f"{side}: the venue lets us close {order.remaining} of {order.asked}: does another order close the rest?"
        self.alarm(f"cut {side}", "warning", text)
        return order.remaining

    def want_stop(self, side: Side, trigger: Price, quantity: Quantity) -> None:
        """A stop-loss that waits at the venue for the mark price."""
        why = "limits the loss of the whole position"
        self.wanted.append(Wanted(side, Role.STOP_LOSS, 0, trigger, quantity, _EXIT, why, trigger))

    def want_close(self, side: Side, touch: Price, quantity: Quantity, why: str) -> None:
        """Close at market, now."""
        self.wanted.append(Wanted(side, Role.CLOSE, 0, touch, quantity, _EXIT, why, market=True))

    def withhold(self, side: Side, level: int, quantity: Quantity) -> None:
        """A part of a level that can not rest now."""
        self._withheld.append(Withheld(side, level, quantity))

    def alarm(self, code: str, level: Literal["pending", "warning", "critical"], text: str) -> None:
        self.alarms.append(Alarm(code, level, text))

    def fits(self, side: SideBook, level: int, price: Price, quantity: Quantity) -> bool:
        """Whether a side stays within ``max_notional_per_side`` once this entry has executed, after all that the plan
        wants nearer than it. If not, an alarm says so."""
        cap = self.view.max_notional
        if not cap:
            return True
        name = side.side.value
        nearer = sum((want.quantity for want in self.wanted if want.side is side.side and want.role.is_entry), ZERO)
        notional = (side.held + nearer + quantity) * price
        if notional > cap:
            text = f"no {name} {level}: the side would reach {notional:.2f}, max_notional_per_side is {cap}"
            self.alarm(f"cap {name} {level}", "warning", text)
        return notional <= cap

    def wake_at(self, at: Millis) -> None:
        self._at = at if self._at is None else min(self._at, at)

    def wake_beyond(self, side: Side, price: Price) -> None:
        """Be asked again when the price has run to ``price`` in the direction in which the side earns."""
        if side.is_long:
            self._above = price if self._above is None else min(self._above, price)
        else:
            self._below = price if self._below is None else max(self._below, price)

    def wake_between(self, below: Price, above: Price) -> None:
        self._below = below if self._below is None else max(self._below, below)
        self._above = above if self._above is None else min(self._above, above)

    def depend(self, distance: Money) -> None:
        """The plan may change when the available balance changes by ``distance``, whichever way it lies."""
        distance = abs(distance)
        self._slack = distance if self._slack is None else min(self._slack, distance)

    def join_small_levels(self, side: SideBook) -> None:
        """A level under the venue's minimum notional joins the next one of its side; the last one is withheld, with all
        that has joined it. Where
        the small one was to open a flat side, the two open it together."""
        least = self.view.instrument.min_notional
        entries = [i for i, want in enumerate(self.wanted) if want.side is side.side and want.role.is_entry]
        parts: list[Withheld] = []
        for place, index in enumerate(entries):
            small = self.wanted[index]
            parts.append(
                Withheld(side.side, small.level, small.quantity - sum((part.quantity for part in parts), ZERO))
            )
            if small.quantity * small.price >= least or small.level in side.entries:
                parts.clear()
                continue
            if place + 1 < len(entries):
                following = self.wanted[entries[place + 1]]
                opens = small.role is Role.OPENING and not side.entered
                price = small.price if opens else following.price
                joined = following._replace(quantity=following.quantity + small.quantity, price=price)
                self.wanted[entries[place + 1]] = joined
            else:
                self._withheld += parts
                text = f"{side.side.value} level {small.level}: {small.quantity} is below the venue's minimum"
                self.alarm(f"small {side.side.value}", "warning" if side.entered else "critical", text)
            self.wanted[index] = small._replace(quantity=ZERO)
        self.wanted = [want for want in self.wanted if want.quantity > 0]

    def finish(self) -> Plan:
        """The plan as it is now."""
        return Plan(
            tuple(self.wanted),
            tuple(self.alarms),
            self._at,
            self._below,
            self._above,
            self._slack,
            self.reserved,
            tuple(self._withheld),
        )
