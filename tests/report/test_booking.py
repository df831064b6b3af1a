"""Realised profit by average cost: worked by hand, and conserved whatever happens."""

from decimal import Decimal as D

from hypothesis import given, settings
from hypothesis import strategies as st

from gridhedge.domain.values import Role, Side
from gridhedge.report.booking import Reentry, book
from gridhedge.report.rows import FundingRow
from tests.report.trades import AVERAGED, NOON, OPENED, PAID, ROWS, SHORT_OPENED, TOOK_PROFIT, trade


def test_a_whole_cycle_nets_fees_and_funding() -> None:
    """Cost 100 x 0.20 + 200 x 0.19 = 58, proceeds 60: gross 2; fees 0.011 + 0.0076 + 0.012, funding 0.005."""
    books = book((OPENED, AVERAGED, TOOK_PROFIT), (PAID,))
    (cycle,) = books.cycles
    assert cycle.gross == D("2.00")
    assert cycle.fees == D("0.0306")
    assert cycle.funding == D("0.005")
    assert cycle.net == D("1.9644")
    assert cycle.deepest_level == 1
    assert cycle.quantity == 300
    assert cycle.milliseconds == 86_400_000
    assert books.booked[-1].profit == D("1.9644")


def test_a_break_even_ends_a_cycle_and_what_it_leaves_begins_the_next() -> None:
    """4 at 100 and 17 at 90 with fees of 0.42: 17 are shed at 92, what stays has cost 4/21 of 1930 and of the fees."""
    first = trade(NOON, Side.LONG, Role.GRID, "4", "100", "0.08", level=1)
    second = trade(NOON + 1, Side.LONG, Role.GRID, "17", "90", "0.34", level=2)
    shed = trade(NOON + 2, Side.LONG, Role.BREAK_EVEN, "17", "92", "0.3", ends=True)
    profit = trade(NOON + 3, Side.LONG, Role.TAKE_PROFIT, "4", "93", "0.07", cycle=2, ends=True)
    one, two = book((first, second, shed, profit), ()).cycles
    assert (one.deepest_level, two.deepest_level) == (2, 1)
    assert (one.opened, one.closed, two.opened, two.closed) == (NOON, NOON + 2, NOON + 2, NOON + 3)
    assert (one.quantity, two.quantity) == (21, 4)
    assert abs(one.fees - D("0.64")) < D("1e-12")
    assert abs(one.net - (D(17 * 92) - D(1930) * 17 / 21 - D("0.64"))) < D("1e-12")
    assert abs(one.net + two.net - (D(17 * 92 + 4 * 93 - 1930) - D("0.79"))) < D("1e-15")


def test_a_short_earns_when_the_price_falls() -> None:
    """Sold 100 at 0.20, bought at 0.19: 1.00 less both fees."""
    bought = trade(NOON + 1, Side.SHORT, Role.TAKE_PROFIT, "100", "0.19", "0.0038", ends=True)
    (cycle,) = book((SHORT_OPENED, bought), ()).cycles
    assert cycle.gross == D("1.00")
    assert cycle.net == D("0.9852")


def test_a_partial_exit_bears_its_share() -> None:
    """A third of 300: a third of the cost 58, of the entry fees 0.0186 and of the funding 0.005."""
    part = trade(NOON + 100_000, Side.LONG, Role.TAKE_PROFIT, "150", "0.20", "0.006")
    rest = trade(NOON + 100_001, Side.LONG, Role.TAKE_PROFIT, "150", "0.20", "0.006", ends=True)
    books = book((OPENED, AVERAGED, part, rest), (PAID,))
    assert [booked.gross for booked in books.booked] == [0, 0, D(1), D(1)]
    assert [booked.profit for booked in books.booked] == [None, None, D("0.9822"), D("0.9822")]
    assert len(books.cycles) == 1


def test_an_exit_without_known_entries_counts_for_nothing() -> None:
    """Only its fee is known; the quantity is reported."""
    (booked,) = book((TOOK_PROFIT,), ()).booked
    assert (booked.gross, booked.profit, booked.unmatched) == (D(0), D("-0.012"), D(300))


def test_an_exit_beyond_the_known_position_is_split() -> None:
    """300 closed of 100 known: 100 x (0.20 - 0.20) is earned, 200 are unmatched."""
    books = book((OPENED, TOOK_PROFIT), ())
    assert books.booked[-1].unmatched == 200
    assert books.booked[-1].gross == 0


def test_the_unhedged_time_ends_with_the_last_now_level() -> None:
    """Take-profit at noon, now-levels 250 ms and 412 ms later: 412 ms."""
    (reentry,) = book(ROWS.trades, ROWS.funding).reentries
    assert reentry == Reentry("DOGEUSDT", Side.LONG, TOOK_PROFIT.at, TOOK_PROFIT.at + 412)
    assert reentry.unhedged_milliseconds == 412


def test_a_side_that_never_re_opened_is_still_unhedged() -> None:
    """No end, and so no duration."""
    (reentry,) = book((OPENED, SHORT_OPENED, AVERAGED, TOOK_PROFIT), ()).reentries
    assert reentry.hedged is None
    assert reentry.unhedged_milliseconds is None


def test_nothing_is_unhedged_when_the_other_side_is_flat() -> None:
    """There is nothing to hedge."""
    assert book((OPENED, AVERAGED, TOOK_PROFIT), ()).reentries == ()


def test_funding_of_a_flat_side_belongs_to_no_cycle() -> None:
    """It arrives late, after the side was closed."""
    late = PAID._replace(at=TOOK_PROFIT.at + 1)
    (cycle,) = book((OPENED, AVERAGED, TOOK_PROFIT), (late,)).cycles
    assert cycle.funding == 0


SIZES = st.integers(1, 10_000).map(D)
PRICES = st.integers(1, 100_000).map(lambda ticks: D(ticks) * D("0.00001"))
FEES = st.integers(-100, 100).map(lambda cents: D(cents) * D("0.0001"))
MOVES = st.tuples(st.booleans(), SIZES, PRICES, FEES)


@settings(max_examples=200, deadline=None)
@given(st.lists(MOVES, max_size=30), st.sampled_from(list(Side)), st.integers(0, 5))
def test_money_is_conserved(moves: list[tuple[bool, D, D, D]], side: Side, payments: int) -> None:
    """Entries and exits that end flat, cycles that leave something: the exits' profits, and the cycles' nets, are the
    cash that moved."""
    held, cash, trades = D(0), D(0), []
    for number, (closing, size, price, fee) in enumerate([*moves, (True, D(10**9), D("0.5"), D(0))]):
        closing = closing and held > 0
        if number == len(moves) and not held:
            break
        quantity = min(size, held) if closing else size
        role = Role.TAKE_PROFIT if closing else Role.GRID
        cash += side.sign * quantity * price * (1 if closing else -1) - fee
        held += -quantity if closing else quantity
        ends = closing and (not held or number % 3 == 0)
        trades.append(trade(NOON + number, side, role, str(quantity), str(price), str(fee), ends=ends))
    funding = [FundingRow(NOON, "DOGEUSDT", side, D("0.01"), D(0)) for _ in range(payments)]
    books = book(trades, funding)
    profits = sum((booked.profit for booked in books.booked if booked.profit is not None), D(0))
    paid = sum((cycle.funding for cycle in books.cycles), D(0))
    assert abs(profits - (cash - paid)) < D("1e-15")
    assert abs(sum((cycle.net for cycle in books.cycles), D(0)) - (cash - paid)) < D("1e-15")
