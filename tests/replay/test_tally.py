"""The exact figures of a replay, checked against sums done by hand."""

from __future__ import annotations

from decimal import Decimal as D

from gridhedge.domain.events import Event, Execution, ExecutionKind, Funding
from gridhedge.domain.order import OrderKey, account_tag, client_id
from gridhedge.domain.values import Role, Side
from gridhedge.replay.tally import Holding, Tally, tally

START = 1_748_131_200_000
END = START + 1_000_000
TAG = account_tag("001", "DOGEUSDT")
L, S = Side.LONG, Side.SHORT


class Journal:
    """Builds executions; every one costs a fee of 0.1."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def entry(self, second: int, side: Side, role: Role, level: int, cycle: int, quantity: int, price: str) -> Journal:
        return self._add(second, side, role, level, cycle, False, quantity, price)

    def profit(self, second: int, side: Side, cycle: int, quantity: int, price: str) -> Journal:
        return self._add(second, side, Role.TAKE_PROFIT, 0, cycle, True, quantity, price)

    def _add(
        self, second: int, side: Side, role: Role, level: int, cycle: int, closing: bool, quantity: int, price: str
    ) -> Journal:
        name = client_id(TAG, OrderKey(side, role, level, cycle, 0))
        return self.raw(second, side, closing, quantity, price, name)

    def raw(
        self,
        second: int,
        side: Side,
        closing: bool,
        quantity: int,
        price: str,
        name: str = "",
        kind: ExecutionKind = ExecutionKind.TRADE,
    ) -> Journal:
        number, at = str(len(self.events)), START + second * 1000
        self.events.append(
            Execution(number, "DOGEUSDT", name, "", side, closing, D(quantity), D(price), D("0.1"), True, at, kind)
        )
        return self

    def funding(self, second: int, side: Side, amount: str) -> Journal:
        at = START + second * 1000
        self.events.append(Funding(str(len(self.events)), "DOGEUSDT", side, D(amount), D("0.0001"), at))
        return self

    def tally(self, last: str = "10", balance: int = 1000) -> Tally:
        return tally("001", self.events, D(balance), START, END, {"DOGEUSDT": D(last)})


def opened() -> Journal:
    """Both sides with level 0 of 10 units at 10."""
    journal = Journal()
    return journal.entry(0, L, Role.OPENING, 0, 1, 10, "10").entry(0, S, Role.OPENING, 0, 1, 10, "10")


def test_nothing_happened() -> None:
    """An empty journal: all figures are zero, and the whole time was spent flat."""
    result = Journal().tally()
    assert (result.fills, result.fees, result.funding, result.volume) == (0, 0, 0, 0)
    assert result.deepest_level is None
    assert result.time_at_depth == {0: 1_000_000}
    assert result.longest_unhedged == 0
    assert result.profits[L] == 0


def test_equity_is_cash_and_what_is_held() -> None:
    """Both sides of 10 at 10: two fees are gone, cash is 1000 - 100 + 100 - 0.2, nothing is held on balance."""
    last = opened().tally().steps[-1]
    assert last.cash == D("999.8")
    assert last.holdings == (Holding(D(10), D(10)),)


def test_profit_by_side_includes_fees_funding_and_what_is_open() -> None:
    """Long: 10 at 10 and 20 at 9, all sold at 10: 20 - 0.3 - 0.5 funding. Short: 10 at 10, at 12 now: -20 - 0.1."""
    journal = opened().entry(100, L, Role.GRID, 1, 1, 20, "9").funding(150, L, "0.5").profit(200, L, 1, 30, "10")
    result = journal.tally(last="12")
    assert result.profits[L] == D("19.2")
    assert result.profits[S] == D("-20.1")
    assert (result.fees, result.funding, result.fills) == (D("0.4"), D("0.5"), 4)
    assert result.volume == 100 + 100 + 180 + 300
    assert result.steps[-1].cash + -10 * D(12) == D(1000) + D("19.2") - D("20.1")


def test_payments_of_one_moment_are_one_step() -> None:
    """Long pays 0.5 and short receives 0.4 in the same millisecond: one step, 0.1 less cash."""
    before, after = opened().funding(100, L, "0.5").funding(100, S, "-0.4").tally().steps[-2:]
    assert (before.at, after.at) == (START, START + 100_000)
    assert after.cash == before.cash - D("0.1")


def test_what_a_cycle_leaves_does_not_count_as_depth_of_the_next() -> None:
    """The take-profit of 10 is done in second 10, 5 of a late level 1 stay: the next cycle is at depth 1 again."""
    journal = opened().entry(9, L, Role.GRID, 1, 1, 5, "9").profit(10, L, 1, 10, "11")
    journal.entry(11, L, Role.OPENING, 0, 2, 10, "11").profit(20, L, 2, 15, "11.5")
    result = journal.tally()
    # Paid 100 + 45 + 110, got 110 + 172.5, five fees.
    assert result.profits[L] == D("27.5") - D("0.5")
    assert result.time_at_depth == {1: 998_000, 2: 2_000}


def test_time_at_depth_follows_the_deeper_side() -> None:
    """Depth 1 from the start, 3 from second 100, 2 when the long side took profit in second 300."""
    journal = opened().entry(100, L, Role.GRID, 2, 1, 1, "9").entry(200, S, Role.GRID, 1, 1, 1, "11")
    result = journal.profit(300, L, 1, 11, "10").tally()
    assert result.time_at_depth == {1: 100_000, 2: 700_000, 3: 200_000}
    assert result.deepest_level == 2


def test_unhedged_time_ends_with_the_last_now_level() -> None:
    """Take-profit in second 10, now-levels in seconds 12 and 14; the grid order in second 99 is no now-level."""
    journal = opened().profit(10, L, 1, 10, "11")
    journal.entry(12, L, Role.OPENING, 0, 2, 10, "11").entry(14, L, Role.OPENING, 1, 2, 10, "11")
    assert journal.entry(99, L, Role.GRID, 2, 2, 10, "10").tally().longest_unhedged == 4000


def test_a_side_that_never_reopened_is_unhedged_until_the_end() -> None:
    """Take-profit 1,000 - 10 seconds before the end."""
    assert opened().profit(10, L, 1, 10, "11").tally().longest_unhedged == 990_000


def test_a_position_closed_by_hand_is_not_waiting_for_a_hedge() -> None:
    """Only a take-profit (or ADL) promises to open again."""
    assert opened().raw(10, L, True, 10, "11").tally().longest_unhedged == 0
    adl = opened().raw(10, L, True, 10, "11", kind=ExecutionKind.ADL)
    assert adl.tally().longest_unhedged == 990_000


def test_a_bankrupt_account_owes_nothing() -> None:
    """100 units bought at 10 with 50, liquidated at 9: the venue bears what 50 did not cover."""
    journal = Journal().entry(0, L, Role.OPENING, 0, 1, 100, "10")
    result = journal.raw(5, L, True, 100, "9", kind=ExecutionKind.LIQUIDATION).tally(balance=50)
    assert result.steps[-1].cash == 0
    assert result.profits[L] == D(-50)


def test_orders_of_another_account_have_no_level() -> None:
    """An execution without our mark counts as money, not as a level."""
    name = client_id(account_tag("002", "DOGEUSDT"), OrderKey(L, Role.GRID, 7, 1, 0))
    result = Journal().raw(0, L, False, 10, "10", name).tally()
    assert (result.deepest_level, result.fills) == (None, 1)
