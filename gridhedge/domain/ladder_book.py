"""One side of one symbol: what its current cycle has entered and closed, and its live orders."""

from __future__ import annotations

from gridhedge.domain.order import Order, OrderKey
from gridhedge.domain.values import ONE, ZERO, Millis, Money, Price, Quantity, Role, Side


class LevelFill:
    """What has executed of one level."""

    __slots__ = ("cost", "created", "executed", "fee", "order_id", "quantity")

    def __init__(self) -> None:
        self.quantity: Quantity = ZERO
        self.cost: Money = ZERO
        self.fee: Money = ZERO
        self.created: Millis = 0
        self.executed: Millis = 0
        self.order_id = ""

    @property
    def average(self) -> Price:
        """Average execution price; only asked of a level that has executed."""
        return self.cost / self.quantity


class SideBook:
    """The cycle of one side. Changed by the symbol's book only."""

    __slots__ = (
        "base",
        "closed",
        "closed_money",
        "cost",
        "cycle",
        "cycles",
        "ended_at",
        "entered",
        "entries",
        "exits",
        "fees",
        "fills",
        "funding",
        "last_cycle",
        "now_levels",
        "realised",
        "refused",
        "revisions",
        "side",
        "stale",
        "surplus",
        "unhedged_last",
        "unhedged_max",
    )

    def __init__(self, side: Side) -> None:
        self.side = side
        self.cycle = 0
        """Identity of the current cycle (seconds); 0 while none has been opened."""
        self.last_cycle = 0
        self.now_levels = 0
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
        self.realised: Money = ZERO
        self.cycles = 0
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

    def filled(self, level: int) -> Quantity:
        return self.fills[level].quantity if level < len(self.fills) else ZERO

    def net_result(self) -> Money:
        """Profit of the closed part against everything entered, fees and funding paid."""
        gross = self.closed_money - self.cost if self.side is Side.LONG else self.cost - self.closed_money
        return gross - self.fees - self.funding

    # ---- orders --------------------------------------------------------------------------------------------------

    def adopt(self, order: Order) -> None:
        """Give a live order its slot; one that has none (former cycle, slot taken) is stale."""
        key = order.key
        self.note_revision(key)
        if key.cycle > self.cycle:
            self.last_cycle = max(self.last_cycle, key.cycle)  # found at the venue: its number is taken
        if key.cycle != self.cycle or self._occupied(order):
            self.stale[order.client_id] = order
        elif key.role.is_entry:
            self.entries[key.level] = order
        else:
            self.exits[key.role] = order

    def note_revision(self, key: OrderKey) -> None:
        """This meaning's revision has been used, whoever remembers the order."""
        if key.cycle == self.cycle:
            slot = (key.role, key.level)
            self.revisions[slot] = max(key.revision, self.revisions.get(slot, 0))

    def _occupied(self, order: Order) -> bool:
        if order.key.role.is_entry:
            return order.key.level in self.entries
        return order.key.role in self.exits

    def release(self, order: Order) -> None:
        """Forget an order that has ended. A live one of the same meaning that had to wait takes its slot."""
        key = order.key
        if self.stale.pop(order.client_id, None) is not None:
            return
        if key.role.is_entry:
            if self.entries.get(key.level) is order:
                del self.entries[key.level]
        elif self.exits.get(key.role) is order:
            del self.exits[key.role]
        for waiting in self.stale.values():
            if waiting.key[:4] == key[:4] and key.cycle == self.cycle:
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
        total = sum((share for _, share in levels), ZERO)
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
        self.entered += total
        self.cost += total * price
        self.fees += fee

    def leave(self, quantity: Quantity, price: Price, fee: Money) -> None:
        """Count a closing execution."""
        self.closed += quantity
        self.closed_money += quantity * price - fee if self.side is Side.LONG else quantity * price + fee

    def refill(self, reference: tuple[Quantity, ...], quantity: Quantity, average: Price) -> None:
        """Let ``quantity`` at ``average`` fill the levels from the bottom; fees and funding shrink in proportion."""
        held = self.held
        share = min(quantity / held, ONE) if held > 0 else ONE
        fee, funding = self.fees * share, self.funding * share
        executed = self.fills[-1].executed if self.fills else 0
        self.fills, self.entered, self.cost, self.fees = [], ZERO, ZERO, ZERO
        self.closed, self.closed_money, self.funding = ZERO, ZERO, funding
        if quantity > 0:
            self.enter(spread(reference, self.fills, quantity), average, fee, executed, "")

    def take_residue(self) -> tuple[Quantity, Money, Money]:
        """What is still held, with its cost and fees, taken from the levels that executed last."""
        rest = residue = max(self.held, ZERO)
        cost = fee = ZERO
        for fill in reversed(self.fills):
            if rest <= 0:
                break
            if fill.quantity > 0:
                take = min(rest, fill.quantity)
                cost += fill.cost * take / fill.quantity
                fee += fill.fee * take / fill.quantity
                rest -= take
        self.cost -= cost
        self.fees -= fee
        return residue, cost, fee

    def end(self, at: Millis) -> tuple[Quantity, Money, Money]:
        """Close the cycle's account; return the residue that the next cycle starts with."""
        residue = self.take_residue()
        self.realised += self.net_result()
        self.cycles += 1
        self.ended_at = at
        self.last_cycle = max(self.last_cycle, self.cycle)
        self.cycle = 0
        self.now_levels = 0
        self.fills = []
        self.base = None
        self.entered = self.cost = self.fees = self.funding = self.closed = self.closed_money = ZERO
        for order in (*self.entries.values(), *self.exits.values()):
            self.stale[order.client_id] = order
        self.entries.clear()
        self.exits.clear()
        self.revisions.clear()
        self.refused.clear()
        return residue

    def measure_hedge(self, reference: tuple[Quantity, ...], at: Millis) -> None:
        """Close the unhedged interval once every now-level has executed."""
        # From the top: the deepest now-level usually executes last.
        deepest = min(self.now_levels, len(reference))
        if all(self.filled(level) >= reference[level] for level in range(deepest - 1, -1, -1)):
            self.unhedged_last = at - self.ended_at
            self.unhedged_max = max(self.unhedged_max, self.unhedged_last)
            self.ended_at = 0


def spread(
    reference: tuple[Quantity, ...], fills: list[LevelFill], quantity: Quantity
) -> tuple[tuple[int, Quantity], ...]:
    """Distribute ``quantity`` over the levels that have room, from the bottom; what exceeds the table goes on top."""
    shares: list[tuple[int, Quantity]] = []
    for level, size in enumerate(reference):
        room = size - (fills[level].quantity if level < len(fills) else ZERO)
        if quantity <= 0:
            break
        if room > 0:
            share = min(room, quantity)
            shares.append((level, share))
            quantity -= share
    if quantity > 0:
        shares.append((len(shares) if not reference else len(reference) - 1, quantity))
    return tuple(shares)


def average_price(side: SideBook) -> Price | None:
    """Average entry price of what a side has entered in this cycle."""
    return side.cost / side.entered if side.entered > 0 else None


def unrealised(side: SideBook, mark: Price) -> Money:
    """Unrealised profit of what is held, before closing fees."""
    if side.held <= 0:
        return ZERO
    return (mark - side.cost / side.entered) * side.held * side.side.sign
