"""What the account says of itself, worked by hand."""

from __future__ import annotations

from decimal import Decimal as D

from paper_worlds import LONG, SHORT, conserved, exchange, limit, market, run

from gridhedge.venue.paper.account import Totals


def test_a_hedged_account_at_the_mark() -> None:
    """Long 2 bought at 100.5, short 1 sold at 100, a resting long of 1 at 90; then the mark goes to 110."""
    made = exchange((0, "100"), (10, "110"))
    market(made, "a", LONG, "2")
    market(made, "b", SHORT, "1")
    limit(made, "c", LONG, "90", "1")
    run(made, 20)
    seen = made.account_seen()
    fees = D("0.402") + D("0.2")
    assert seen.wallet_balance == 1000 - fees
    assert seen.margin_balance == 1000 - fees + 19 - 10
    # long 220/10 + 220 x 0.9 x 0.002, short 110/10 + 110 x 1.1 x 0.002, order 90 x (0.1 + 0.002 + 0.0018)
    initial = D("22.396") + D("11.242") + D("9.342")
    assert seen.initial_margin == initial
    assert seen.available == 1009 - fees - initial
    # long 2.2 + 0.396, short 1.1 + 0.242
    assert seen.maintenance_margin == D("3.938")
    assert seen.mm_rate == 100 * D("3.938") / (1009 - fees)
    assert seen.at == made.now()


def test_the_sums_explain_the_wallet() -> None:
    """Bought 1 at 100.5, sold at 100, 50 withdrawn: realised -0.5, fees 0.201 + 0.2."""
    made = exchange((0, "100"))
    market(made, "a", LONG, "1")
    market(made, "b", LONG, "1", reduce_only=True)
    made.deposit(D(-50))
    assert made.account.totals == Totals(D(950), D("-0.5"), D("0.401"), D(0), D(0))
    assert made.account.wallet == D("949.099")
    assert conserved(made)


def test_available_is_never_negative() -> None:
    """A loss larger than what is free leaves nothing, not less."""
    made = exchange((0, "100"), (10, "92"), wallet="1000")
    market(made, "a", LONG, "90")
    run(made, 20)
    assert made.account.slack() > 0
    assert made.account_seen().available == 0


def test_orders_are_found_by_either_id_while_kept() -> None:
    """Working and ended orders; without history ended ones are forgotten, but their ids stay used."""
    for keep in (True, False):
        made = exchange((0, "100"), keep_history=keep)
        order = limit(made, "a", LONG, "90", "1")
        assert made.account.find("a") is made.account.find("", "P1") is order
        made.cancel("a")
        assert made.account.find("a") is (order if keep else None)
        assert "a" in made.account.ids
