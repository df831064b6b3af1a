"""The ladder that a profile implies."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.strategy.preview import preview, preview_baskets, preview_trim
from gridhedge.strategy.settings import SignalSettings, SymmetricSettings, TrimSettings
from gridhedge.venue.paper.instruments import fees, instrument

D = Decimal


def test_the_long_ladder_has_the_worked_numbers(doge, bybit_fees) -> None:
    """376 @ 0.19933, 752 @ 0.19733, 1504 @ 0.19535; take-profits 0.20148, 0.20008, 0.19854."""
    ladder = preview(SymmetricSettings(initial_position_size_usd=D(1)), doge, bybit_fees, 75, D("0.19933"))
    assert [line.price for line in ladder.long[:4]] == [D("0.19933"), D("0.19733"), D("0.19535"), D("0.19339")]
    assert [line.quantity for line in ladder.long[:4]] == [D(376), D(752), D(1504), D(3008)]
    assert [line.take_profit for line in ladder.long[:3]] == [D("0.20148"), D("0.20008"), D("0.19854")]


def test_margins_add_up(doge, bybit_fees) -> None:
    """Level 0 ties up 376 x 0.19933 / 75 = 0.9993; level 1 adds 752 x 0.19733 / 75 = 1.9786."""
    ladder = preview(SymmetricSettings(initial_position_size_usd=D(1)), doge, bybit_fees, 75, D("0.19933"))
    assert round(ladder.long[0].margin, 4) == D("0.9993")
    assert round(ladder.long[1].cumulative_margin, 4) == D("2.9779")


def test_the_short_ladder_rises_and_takes_profit_below(doge, bybit_fees) -> None:
    """ceil(0.19933 x 1.01) = 0.20133; its distance is +1 %."""
    ladder = preview(SymmetricSettings(initial_position_size_usd=D(1)), doge, bybit_fees, 75, D("0.19933"))
    assert ladder.short[1].price == D("0.20133")
    assert round(ladder.short[1].distance_percent, 1) == D("1.0")
    assert all(line.take_profit < line.average for line in ladder.short)


def test_the_trimming_grid_has_the_entries_of_its_center() -> None:
    """1000 USDT at 20x around 100000: 5 % of the capital is 50 of margin, 1000 / 99500 = 0.010 BTC; then break-even."""
    rules = instrument("binance", "BTCUSDC")
    ladder = preview_trim(TrimSettings(), rules, fees("binance", "BTCUSDC"), 20, D(100_000), D(1000))
    assert ladder.short == ()
    assert [(line.level, line.price, line.quantity) for line in ladder.long] == [
        (1, D("99500"), D("0.010")),
        (2, D("99000"), D("0.040")),
        (3, D("96000"), D("0.052")),
        (4, D("95500"), D("0.104")),
    ]
    assert ladder.long[0].take_profit == D("99997.5")  # 99500 x 1.005
    assert ladder.long[1].take_profit == D("99199.1")  # (995 + 3960) / 0.05 = 99100, x 1.001
    assert ladder.long[0].margin == D("49.75")


BASKET: dict[str, object] = {
    "space_percent": D(1), "space_orders": 2, "space_lots": D(100), "space1_percent": D(2), "space1_orders": 1,
    "space1_lots": D(200),
}  # fmt: skip


def test_a_basket_is_shown_with_the_exit_that_would_close_it(doge, bybit_fees) -> None:
    """100 @ 0.2 alone closes for 0.5 (0.20516); with 100 @ 0.198 the pair's 1 counts: (39.8 + 0.01496 + 1) / 199.96 →
    0.20412; 200 @ 0.19404 stand 2 % below."""
    settings = SignalSettings.model_validate(BASKET | {"single_order_profit": D("0.5"), "pair_global_profit": D(1)})
    ladder = preview_baskets(settings, doge, bybit_fees, 75, D("0.2"))
    assert [(line.price, line.quantity) for line in ladder.long] == [
        (D("0.2"), D(100)), (D("0.19800"), D(100)), (D("0.19404"), D(200)),
    ]  # fmt: skip
    assert [(line.take_profit, line.exit) for line in ladder.long[:2]] == [
        (D("0.20516"), "single_order_profit"), (D("0.20412"), "pair_global_profit"),
    ]  # fmt: skip
    assert [line.price for line in ladder.short] == [D("0.2"), D("0.20200"), D("0.20604")]


def test_a_basket_that_only_the_day_s_profit_closes_shows_that(doge, bybit_fees) -> None:
    """There is no other exit."""
    settings = SignalSettings.model_validate(BASKET | {"global_profit": D(5)})
    ladder = preview_baskets(settings, doge, bybit_fees, 75, D("0.2"))
    assert {line.exit for line in ladder.long} == {"global_profit"}
