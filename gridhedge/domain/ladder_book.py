"""One side of one symbol: what its current cycle has entered and closed, and its live orders."""

from __future__ import annotations

from gridhedge.domain.basket import BasketMemory
from gridhedge.domain.levels import LevelFill, spread
from gridhedge.domain.order import Order, OrderKey
from gridhedge.domain.squeeze import Squeezes
from gridhedge.domain.values import MONEY_STEP, ONE, ZERO, Millis, Money, Price, Quantity, Role, Side


class SideBook:
    """The cycle of one side. Changed by the symbol's book only."""

    __slots__ = (
        "base",
        "basket",
        "capital",
        "capital_at",
        "carried",
        "center",
        "closed",
        "closed_money",
        "cost",
        "cycle",
        "cycles",
        "ended_at",
        "entered",
        "entries",
        "exit_price",
        "exits",
        "fees",
        "fills",
        "funding",
        "grid_at",
        "last_cycle",
        "now_levels",
        "prices",
        "realised",
        "reference",
        "refused",
        "revisions",
        "side",
        "squeezes",
        "stale",
        "stop_is_passed",
        "surplus",
        "surplus_cost",
        "traded_at",
        "unhedged_last",
        "unhedged_max",
        "wished",
        "won",
    )

    def __init__(self, side: Side) -> None:
        self.side = side
        self.cycle = 0
        """Identity of the current cycle (seconds); 0 while none has been opened."""
        self.last_cycle = 0
        self.now_levels = 0
        self.reference: tuple[Quantity, ...] = ()
        """The table of quantities, level by level."""
        self.fills: list[LevelFill] = []
        self.base: Price | None = None
        """The price from which the missing levels are measured after somebody else has reduced the position."""
        self.entered: Quantity = ZERO
        self.cost: Money = ZERO
        self.fees: Money = ZERO
        self.funding: Money = ZERO
        """Paid so far in this cycle; received is negative."""
        self.closed: Quantity = ZERO
        self.closed_money: Money = ZERO
        """Long: proceeds net of fees of the closed part. Short: its cost including fees."""
        self.entries: dict[int, Order] = {}
        self.exits: dict[Role, Order] = {}
        self.stale: dict[str, Order] = {}
        """Live orders that belong to no slot of the current cycle: only to be cancelled."""
        self.revisions: dict[tuple[Role, int], int] = {}
        self.refused: dict[int, Millis] = {}
        """Levels that the venue refused for lack of margin, and when."""
        self.surplus: Quantity = ZERO
        """What somebody else has added to the position by hand: it is theirs."""
        self.surplus_cost: Money = ZERO
        self.carried: Money = ZERO
        """What the part still held has cost, as venues count it: a close leaves the average as it is."""
        self.center: Price | None = None
        """What a grid is built around; None where the side has no grid of its own."""
        self.prices: tuple[Price, ...] = ()
        """The grid's entry prices, level by level."""
        self.wished: tuple[Quantity, ...] = ()
        """The grid's quantities before any of them was shrunk."""
        self.grid_at: Millis = 0
        self.squeezes: Squeezes = {}
        """Meanings whose quantity the venue has refused in this cycle (margin, reduce-only)."""
        self.stop_is_passed = False
        """The venue refused a stop because the mark price is beyond it already."""
        self.exit_price: Price | None = None
        """The price at which the last cycle ended."""
        self.capital: Money = ZERO
        """What the side began with, less what it had realised by then: see ``working_capital``."""
        self.capital_at: Millis = 0
        """When that was fixed; 0: never."""
        self.basket = BasketMemory()
        self.realised: Money = ZERO
        self.cycles = 0
        self.won = 0
        """Ended cycles that earned more than nothing, all fees and funding paid."""
        self.traded_at: Millis = 0
        """The latest entry, or the latest end of a cycle; 0 while there has been neither."""
        self.ended_at: Millis = 0
        self.unhedged_last: Millis = 0
        self.unhedged_max: Millis = 0

    @property
    def held(self) -> Quantity:
        return self.entered - self.closed

    @property
    def started(self) -> int:
        """Number of started levels: executed at least in part, or remembered as now-levels."""
        return max(len(self.fills), self.now_levels)

    @property
    def has_grid(self) -> bool:
        """Whether the side counts as venues do: every close at the position's average, levels as they were."""
        return self.center is not None

    @property
    def working_capital(self) -> Money:
        """What the side began with and all net profit that it has realised since."""
        return self.capital + self.realised

    def filled(self, level: int) -> Quantity:
        return self.fills[level].quantity if level < len(self.fills) else ZERO

    def net_result(self) -> Money:
        """Profit of the closed part against everything entered, fees and funding paid."""
        gross = self.closed_money - self.cost if self.side.is_long else self.cost - self.closed_money
        return gross - self.fees - self.funding

    # ---- orders --------------------------------------------------------------------------------------------------

    def adopt(self, order: Order) -> None:
        """Give a live order its slot; one that has none (former cycle, slot taken) is stale."""
        key = order.key
        self.note_number(key)
        if not self._belongs(order) or self._occupied(order):
            self.stale[order.client_id] = order
        elif key.role.is_entry:
            self.entries[key.level] = order
        else:
            self.exits[key.role] = order

    def note_number(self, key: OrderKey) -> None:
        """This cycle and this revision have been used, whoever remembers the order."""
        if key.cycle > self.cycle:
            self.last_cycle = max(self.last_cycle, key.cycle)
        elif key.cycle == self.cycle:
            slot = (key.role, key.level)
            if key.revision > self.revisions.get(slot, 0):
                self.revisions[slot] = key.revision

    def _belongs(self, order: Order) -> bool:
        """Whether the order may have a slot. Of a former cycle only an untouched level of a grid: it is moved, not sent
        anew."""
        key = order.key
        return key.cycle == self.cycle or (self.has_grid and key.role.is_entry and order.filled == ZERO)

    def is_current(self, key: OrderKey) -> bool:
        """Whether what becomes of the order concerns the current cycle: it is of this cycle, or serves it."""
        if key.cycle == self.cycle:
            return True
        order = self.entries.get(key.level)
        return order is not None and order.key == key

    def _occupied(self, order: Order) -> bool:
        if order.key.role.is_entry:
            return order.key.level in self.entries
        return order.key.role in self.exits

    def release(self, order: Order) -> None:
        """Forget an order that has ended. A live one for the same slot that had to wait takes it."""
        key = order.key
        if self.stale.pop(order.client_id, None) is not None:
            return
        if key.role.is_entry:
            if self.entries.get(key.level) is order:
                del self.entries[key.level]
        elif self.exits.get(key.role) is order:
            del self.exits[key.role]
        for waiting in self.stale.values():
            if waiting.key[1:3] == key[1:3] and self._belongs(waiting):
                del self.stale[waiting.client_id]
                self.adopt(waiting)
                return

    def next_revision(self, role: Role, level: int) -> int:
        return self.revisions.get((role, level), 0) + 1

    # ---- executions ----------------------------------------------------------------------------------------------

    def enter(
        self, levels: tuple[tuple[int, Quantity], ...], price: Price, fee: Money, at: Millis, order_id: str
    ) -> None:
        """Credit an entry execution to levels; the fee is shared by quantity."""
        total = ZERO
        for _, share in levels:
            total += share
        self.base = None
        for level, quantity in levels:
            while len(self.fills) <= level:
                self.fills.append(LevelFill())
            fill = self.fills[level]
            fill.quantity += quantity
            fill.cost += quantity * price
            fill.fee += fee if quantity == total else fee * quantity / total
            fill.created = fill.created or at
            fill.executed = at
            fill.order_id = order_id or fill.order_id
        value = total * price
        self.traded_at = max(self.traded_at, at)
        self.entered += total
        self.cost += value
        self.carried += value
        self.fees += fee

    def levels_for(self, key: OrderKey, quantity: Quantity) -> tuple[tuple[int, Quantity], ...]:
        """An execution fills its own level first, and then the others from the bottom: those that the order has joined,
        or those beyond where a late fill took its room. A late one of a former cycle fills from the bottom."""
        table = self.reference
        if key.level >= len(table) or not self.is_current(key):
            return spread(table, self.fills, quantity) if table else ((key.level, quantity),)
        filled = self.filled(key.level)
        room = max(table[key.level] - filled, ZERO)
        if quantity <= room:
            return ((key.level, quantity),)
        others = (*table[: key.level], filled, *table[key.level + 1 :])
        shares = spread(others, self.fills, quantity - room)
        return ((key.level, room), *shares) if room > ZERO else shares

    def leave(self, quantity: Quantity, price: Price, fee: Money) -> None:
        """Count a closing execution."""
        held = self.held
        if quantity < held:
            self.carried -= (self.carried * quantity / held).quantize(MONEY_STEP)
        else:
            self.carried = ZERO
        self.closed += quantity
        self.closed_money += quantity * price - fee if self.side.is_long else quantity * price + fee

    def gain(self, quantity: Quantity, price: Price) -> None:
        """Somebody else has enlarged the position: that part is theirs."""
        self.surplus += quantity
        self.surplus_cost += quantity * price

    def lose(self, quantity: Quantity, price: Price, fee: Money) -> None:
        """Somebody else has reduced the position: what they added goes first, and the rest is ours to follow."""
        ours = min(quantity - self.lose_surplus(quantity), self.held)
        if ours <= ZERO:
            return
        if ours == self.held or self.has_grid:
            self.leave(ours, price, fee)
            return
        average = self.cost / self.entered
        share = ours / self.held
        self.realised += (price - average) * ours * self.side.sign - fee - (self.fees + self.funding) * share
        self.refill(self.held - ours, average)
        self.base = price

    def lose_surplus(self, quantity: Quantity) -> Quantity:
        """Take up to ``quantity`` from what somebody else has added; returns how much that was."""
        theirs = min(quantity, self.surplus)
        if theirs > ZERO:
            self.surplus_cost -= self.surplus_cost * theirs / self.surplus
            self.surplus -= theirs
        return theirs

    def mend(self, quantity: Quantity, average: Price) -> None:
        """The venue holds this, whatever was told: less than the book, or more. Without a grid, more is the user's."""
        held = self.held
        self.surplus = self.surplus_cost = ZERO
        if self.has_grid and quantity > held:
            self.gain(quantity - held, max(average * quantity - self.carried, ZERO) / (quantity - held))
        elif self.has_grid:
            if quantity < held:
                self.leave(held - quantity, self.carried / held, ZERO)
        elif quantity >= held:
            self.gain(quantity - held, average)
        else:
            self.refill(quantity, average)

    def refill(self, quantity: Quantity, average: Price) -> None:
        """Let ``quantity`` at ``average`` fill the levels from the bottom; fees and funding shrink in proportion."""
        held = self.held
        share = min(quantity / held, ONE) if held > 0 else ONE
        fee, funding = self.fees * share, self.funding * share
        executed = self.fills[-1].executed if self.fills else 0
        self.fills, self.entered, self.cost, self.fees = [], ZERO, ZERO, ZERO
        self.carried = ZERO
        self.closed, self.closed_money, self.funding = ZERO, ZERO, funding
        if quantity > 0:
            self.enter(spread(self.reference, self.fills, quantity), average, fee, executed, "")

    def take_residue(self) -> tuple[Quantity, Money, Money]:
        """What is still held, with its cost and fees, taken from the levels that executed last; where the side has a
        grid, at the position's average."""
        rest = residue = max(self.held, ZERO)
        cost = fee = ZERO
        if self.has_grid and residue > ZERO:
            cost, fee = self.carried, (self.fees * residue / self.entered).quantize(MONEY_STEP)
            rest = ZERO
        for fill in reversed(self.fills):
            if rest <= ZERO:
                break
            if fill.quantity > ZERO:
                take = min(rest, fill.quantity)
                cost += fill.cost * take / fill.quantity
                fee += fill.fee * take / fill.quantity
                rest -= take
        self.cost -= cost
        self.fees -= fee
        return residue, cost, fee

    def end(self, at: Millis, price: Price | None) -> None:
        """Close the cycle's account; the next one starts with what is still held. ``price``: where it ended."""
        orders = len([fill for fill in self.fills if fill.quantity > ZERO])
        self.won += self.settle(at) > 0
        self.basket.note_end(self.cycle, orders, self.realised, at)
        self.cycles += 1
        self.ended_at = at
        self.traded_at = max(self.traded_at, at)
        self.exit_price = price
        self.last_cycle = max(self.last_cycle, self.cycle)
        self.cycle = 0
        self.now_levels = 0
        self.open_slots()

    def settle(self, at: Millis) -> Money:
        """Realise what has been closed, and say how much that was; what is still held counts as entered now, with its
        cost and fees."""
        residue, cost, fee = self.take_residue()
        result = self.net_result()
        self.realised += result
        self.fills = []
        self.base = None
        self.entered = self.cost = self.fees = self.funding = self.closed = self.closed_money = self.carried = ZERO
        if residue > ZERO:
            self.enter(spread(self.reference, self.fills, residue), cost / residue, fee, at, "")
            self.cost = self.carried = cost  # exactly
        return result

    def open_slots(self) -> None:
        """A new cycle: nothing has been sent or refused in it. Of what still lives a grid's untouched levels stay."""
        live = (*self.entries.values(), *self.exits.values())
        self.entries.clear()
        self.exits.clear()
        self.revisions.clear()
        self.refused.clear()
        self.squeezes.clear()
        self.stop_is_passed = False
        for order in live:
            self.adopt(order)

    def fix_table(self, quantities: tuple[Quantity, ...]) -> None:
        """A table without a grid of its own: prices follow from what executes."""
        self.reference = quantities
        self.center, self.prices, self.wished = None, (), ()

    def measure_hedge(self, at: Millis) -> None:
        """Close the unhedged interval once every now-level has executed."""
        # From the top: the deepest now-level usually executes last.
        reference = self.reference
        deepest = min(self.now_levels, len(reference))
        if all(self.filled(level) >= reference[level] for level in range(deepest - 1, -1, -1)):
            self.unhedged_last = at - self.ended_at
            self.unhedged_max = max(self.unhedged_max, self.unhedged_last)
            self.ended_at = 0


def average_price(side: SideBook) -> Price | None:
    """Average entry price of what a side has entered in this cycle; of what it still holds where it has a grid."""
    held = side.held
    if held > ZERO and side.has_grid:
        return side.carried / held
    return side.cost / side.entered if side.entered > ZERO else None


def unrealised(side: SideBook, mark: Price) -> Money:
    """Unrealised profit of what is held, before closing fees."""
    average = average_price(side)
    if side.held <= 0 or average is None:
        return ZERO
    return (mark - average) * side.held * side.side.sign
