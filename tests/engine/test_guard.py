"""Each refusal of the gate, on both sides of its edge, with the numbers that it says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gridhedge.domain.change import Amend, Cancel, Change, Place, Urgency
from gridhedge.domain.instrument import Fees
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Role, Side
from gridhedge.engine.guard import Facts, Limits, guard
from tests.domain.journal import RULES, XYZ, Journal, L, S

D = Decimal
NOW = 2_000_000
GRID, TP = Role.GRID, Role.TAKE_PROFIT
LIMITS = Limits(max_open_orders=10, max_levels=4, max_notional=D(0), max_price_age_ms=15_000)


@pytest.fixture
def journal() -> Journal:
    return Journal().begin()


def facts(journal: Journal, **changes: object) -> Facts:
    """Everything is fine: a fresh price, money, nothing stopped. Fees are nil and the leverage 10."""
    fine = Facts(journal.book, RULES, Fees(D(0), D(0)), 10, NOW, D(10**6), NOW, 0, 0, "")
    return fine._replace(**changes)


def place(
    journal: Journal,
    side: Side = L,
    level: int = 1,
    quantity: str = "200",
    price: str = "9.9",
    urgency: Urgency = Urgency.LOOK_AHEAD,
    role: Role = GRID,
) -> Place:
    key = journal.key(side, role, level)
    name = journal.name(side, role, level)
    return Place(XYZ, name, key, D(price), D(quantity), not role.is_entry, urgency, "why")


def reasons(changes: list[Change], given: Facts, limits: Limits = LIMITS) -> list[tuple[str, int]]:
    _, refused = guard(changes, given, limits)
    return [(refusal.reason, refusal.retry_at) for refusal in refused]


def test_what_breaks_no_limit_passes_in_its_order(journal: Journal) -> None:
    """Nothing is lost, doubled or moved."""
    changes: list[Change] = [
        Cancel(XYZ, "gone", "v", "why"),
        place(journal, L),
        place(journal, S, price="10.1"),
        Amend(XYZ, "moved", "v", D("9.8"), D(200), Urgency.INSURANCE, "why"),
    ]
    assert guard(changes, facts(journal), LIMITS) == (changes, [])
    assert guard([], facts(journal, stopped="stopped"), LIMITS) == ([], [])


def test_a_stop_lets_nothing_pass(journal: Journal) -> None:
    """Not even a cancel; and time alone changes nothing."""
    changes: list[Change] = [Cancel(XYZ, "gone", "v", "why"), place(journal)]
    assert reasons(changes, facts(journal, stopped="emergency stop: x")) == [("emergency stop: x", 0)] * 2


def test_a_rate_limit_is_kept_to_the_millisecond(journal: Journal) -> None:
    """1 ms before its end nothing passes, at its end everything."""
    changes: list[Change] = [place(journal, urgency=Urgency.INSURANCE)]
    assert reasons(changes, facts(journal, quiet_until=NOW + 1)) == [("rate limited for another 1 ms", NOW + 1)]
    assert reasons(changes, facts(journal, quiet_until=NOW)) == []


def test_a_closed_market_lets_nothing_pass_before_its_time(journal: Journal) -> None:
    """1 ms before nothing, at it everything."""
    changes: list[Change] = [place(journal, urgency=Urgency.INSURANCE)]
    assert reasons(changes, facts(journal, closed_until=NOW + 1)) == [("the market is closed", NOW + 1)]
    assert reasons(changes, facts(journal, closed_until=NOW)) == []


def test_a_stale_price_lets_nothing_pass_and_is_looked_at_again(journal: Journal) -> None:
    """15.0 s are allowed, 15.001 s are not; a fresh price inside the band wakes nobody, so time must."""
    changes: list[Change] = [place(journal, urgency=Urgency.INSURANCE)]
    assert reasons(changes, facts(journal, price_at=NOW - 15_000)) == []
    assert reasons(changes, facts(journal, price_at=NOW - 15_100)) == [
        ("the last price is 15.1 s old, at most 15.0 s", NOW + 1000)
    ]


def test_too_much_change_at_once_is_not_sent(journal: Journal) -> None:
    """Four changes per level and two levels more: 24 for four levels pass, 25 do not."""
    cancel = Cancel(XYZ, "gone", "v", "why")
    assert reasons([cancel] * 24, facts(journal)) == []
    assert reasons([cancel] * 25, facts(journal))[0] == (
        "25 changes at once, at most 24: not sent, please look at the log",
        0,
    )


@pytest.mark.parametrize(("refusals", "wait"), [(1, 1000), (2, 2000), (6, 32_000), (7, 60_000), (30, 60_000)])
def test_after_a_refusal_of_the_venue_the_pause_doubles_up_to_a_minute(
    journal: Journal, refusals: int, wait: int
) -> None:
    """1 s, 2 s, 4 s ... 60 s; at the end of the pause it passes."""
    journal.now = NOW
    for revision in range(1, refusals + 1):
        journal.settle(journal.intend(L, GRID, 1, 200, "9.9", revision), OrderState.REJECTED, Reject.BUSY)
    changes: list[Change] = [place(journal, urgency=Urgency.INSURANCE)]
    text = f"refused by the venue {refusals} times, waiting"
    assert reasons(changes, facts(journal, now=NOW + wait - 1, price_at=NOW + wait)) == [(text, NOW + wait)]
    assert reasons(changes, facts(journal, now=NOW + wait, price_at=NOW + wait)) == []


def test_other_meanings_do_not_wait(journal: Journal) -> None:
    """The short side's level 1 was refused: the long side's passes."""
    journal.now = NOW
    journal.settle(journal.intend(S, GRID, 1, 200, "10.1"), OrderState.REJECTED, Reject.BUSY)
    assert reasons([place(journal, L, urgency=Urgency.INSURANCE)], facts(journal)) == []


def test_the_venues_bound_on_open_orders_counts_what_this_batch_adds(journal: Journal) -> None:
    """Two are open, three are allowed: the first place passes, the second does not."""
    journal.work(L, GRID, 2, 400, "9.8")
    journal.work(S, GRID, 2, 400, "10.2")
    changes: list[Change] = [place(journal, side, urgency=Urgency.INSURANCE) for side in (L, S)]
    allowed, refused = guard(changes, facts(journal), LIMITS._replace(max_open_orders=3))
    assert allowed == changes[:1]
    assert [(item.reason, item.retry_at) for item in refused] == [("3 orders are open, at most 3", NOW + 1000)]


def test_an_exit_never_closes_more_than_is_held(journal: Journal) -> None:
    """100 of 100 pass, 101 do not."""
    journal.open_level(L, 0, "10")
    for quantity, said in (("100", []), ("101", [("would close 101 of 100 held", 0)])):
        exit_order = place(journal, L, 0, quantity, "10.2", Urgency.EXIT, TP)
        assert reasons([exit_order], facts(journal)) == said


def test_look_ahead_stays_out_of_the_reserve_to_the_cent(journal: Journal) -> None:
    """Two legs of 200 x 10 / 10 = 200 each: with 400 both pass, with 399.99 neither does."""
    pair: list[Change] = [place(journal, side, price="10") for side in (L, S)]
    assert reasons(pair, facts(journal, spendable=D(400))) == []
    assert reasons(pair, facts(journal, spendable=D("399.99"))) == [
        ("needs 200.00 of 199.99 spendable", 0),
        ("its other leg was refused", 0),
    ]


def test_insurance_and_openings_are_never_withheld_for_the_reserve(journal: Journal) -> None:
    """They restore equality."""
    urgent: list[Change] = [
        place(journal, L, urgency=Urgency.INSURANCE),
        place(journal, S, urgency=Urgency.OPENING, price="10.1"),
    ]
    assert guard(urgent, facts(journal, spendable=D(-500)), LIMITS) == (urgent, [])


def test_a_pair_goes_whole_or_not_at_all_and_takes_nothing_else_with_it(journal: Journal) -> None:
    """One leg off the tick: neither leg; the insurance beside them passes."""
    insurance = place(journal, L, 2, urgency=Urgency.INSURANCE)
    changes: list[Change] = [insurance, place(journal, L), place(journal, S, price="10.105")]
    allowed, refused = guard(changes, facts(journal), LIMITS)
    assert allowed == [insurance]
    assert [item.reason for item in refused] == ["price 10.105 is off the tick 0.01", "its other leg was refused"]


def test_a_cap_on_a_side_counts_what_is_held_and_what_executes_first(journal: Journal) -> None:
    """100 held, 200 resting nearer, 400 more at 9.8: 6860 pass, a cap of 6859 does not let them. What rests beyond
    executes later, and does not count."""
    journal.open_level(L, 0, "10")
    journal.work(L, GRID, 1, 200, "9.9")
    journal.work(L, GRID, 3, 800, "9.7")
    changes: list[Change] = [place(journal, L, 2, "400", "9.8")]
    assert reasons(changes, facts(journal), LIMITS._replace(max_notional=D(6860))) == []
    assert reasons(changes, facts(journal), LIMITS._replace(max_notional=D(6859))) == [
        ("long would reach 6860.00, at most 6859", 0)
    ]


def test_a_price_off_the_tick_does_not_keep_anybody_from_closing_at_market(journal: Journal) -> None:
    """The venue has a finer tick by now, and the market showed it: the quantity counts."""
    journal.open_level(L, 0, "10")
    close = place(journal, L, 0, "100", "9.905", Urgency.EXIT, Role.CLOSE)._replace(market=True)
    assert guard([close], facts(journal), LIMITS) == ([close], [])


TERMS = [
    ("9.905", "200", "price 9.905 is off the tick 0.01"),
    ("0", "200", "price 0 is off the tick 0.01"),
    ("-9.9", "200", "price -9.9 is off the tick 0.01"),
    ("9.9", "200.5", "quantity 200.5 is off the step 1"),
    ("9.9", "0", "quantity 0 is off the step 1"),
    ("9.9", "1000001", "quantity 1000001 is over the venue's 1000000"),
]


@pytest.mark.parametrize(("price", "quantity", "said"), TERMS)
def test_terms_that_the_venue_would_refuse_are_not_sent(journal: Journal, price: str, quantity: str, said: str) -> None:
    """In a place and in an amend alike."""
    placed = place(journal, quantity=quantity, price=price, urgency=Urgency.INSURANCE)
    amended = Amend(XYZ, "id", "v", D(price), D(quantity), Urgency.INSURANCE, "why")
    assert reasons([placed], facts(journal)) == reasons([amended], facts(journal)) == [(said, 0)]


def test_the_largest_quantity_is_allowed(journal: Journal) -> None:
    """1,000,000 exactly."""
    assert reasons([place(journal, quantity="1000000", urgency=Urgency.INSURANCE)], facts(journal)) == []
