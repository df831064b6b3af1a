"""The account and its rules in the bot's words."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.domain.errors import Refused
from gridhedge.venue.mt5.account import account_seen, observed_fee, rules_of
from gridhedge.venue.mt5.terminal.structs import AccountInfo, SymbolInfo, TradeDeal

ACCOUNT = AccountInfo(
    login=7, leverage=100, margin_mode=2, balance=1000.0, equity=900.0, margin=300.0, margin_free=600.0,
    margin_so_so=50.0, currency="USD",
)  # fmt: skip
EURUSD = SymbolInfo(
    name="EURUSD.r", trade_mode=4, digits=5, point=0.00001, trade_tick_size=0.00001, trade_contract_size=100000.0,
    volume_min=0.01, volume_max=50.0, volume_step=0.05, ask=1.1, currency_base="EUR", currency_profit="USD",
    trade_stops_level=30, trade_freeze_level=10,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "needed", "rate"),
    [
        ({}, "150", "16.66666666666666666666666667"),
        ({"margin": 0.0}, "0", "0"),
        ({"margin_so_mode": 1, "margin_so_so": 90.0}, "90", "10"),
        ({"equity": -5.0}, "150", "9999"),
    ],
    ids=["percent", "no margin", "money", "nothing left"],
)
def test_margin_needed_is_a_part_of_the_stop_out(change: dict[str, float], needed: str, rate: str) -> None:
    """100 % is where the broker closes: half of the margin here, or an amount of money; a margin level of 0 without
    margin is no danger."""
    seen = account_seen(ACCOUNT._replace(**change), D(-3), 1)
    assert (seen.maintenance_margin, seen.mm_rate) == (D(needed), D(rate))
    assert (seen.wallet_balance, seen.available) == (D(997), D(600))


def test_lots_become_base_units_by_the_contract() -> None:
    """Steps of 0.05 lots are 5,000; a minimum off the step is the next one; distances are points; leverage is the
    account's."""
    rules = rules_of("EURUSD", EURUSD, ACCOUNT)
    assert rules.instrument.lot_step == 5000
    assert (rules.instrument.min_quantity, rules.instrument.max_quantity) == (5000, 5_000_000)
    assert (rules.stops_level, rules.freeze_level) == (D("0.0003"), D("0.0001"))
    assert (rules.units(0.15), rules.lots(D(15000))) == (15000, 0.15)
    assert rules.instrument.max_leverage == 100


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"currency_profit": "JPY"},
            "profits are in JPY and account 7 is in USD; trade a symbol that is quoted in USD",
        ),
        ({"trade_mode": 3}, r"can not be traded both ways at this broker now \(trade mode 3\)"),
    ],
)
def test_a_symbol_that_can_not_be_hedged_here_is_refused(change: dict[str, object], sentence: str) -> None:
    """With the reason."""
    with pytest.raises(Refused, match=sentence):
        rules_of("EURUSD", EURUSD._replace(**change), ACCOUNT)


def test_the_largest_commission_of_the_deals_counts() -> None:
    """3.5 per lot on 1.1: 0.0000319 of the turnover, rounded up."""
    deals = tuple(TradeDeal(volume=1.0, price=1.1, commission=each) for each in (-3.0, -3.5, 0.0))
    assert observed_fee(deals, D(100_000)) == D("0.0000319")
    assert observed_fee((), D(100_000)) == 0
