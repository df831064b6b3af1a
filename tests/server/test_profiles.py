"""What a registration means as a profile; and where a plain setting goes, or that it has no place."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal as D
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from gridhedge.domain.errors import UsageError
from gridhedge.profile.settings import STRATEGIES, Profile
from gridhedge.profile.venues import BybitSettings, PaperSettings
from gridhedge.server import profiles
from gridhedge.server.profiles import FIRST_PRICES, pairs, profile_of, settings_schema, wants_price
from gridhedge.server.registration import Registration, plain_wishes
from gridhedge.strategy.settings import StrategySettings, SymmetricSettings
from tests.server.platform import registration


def wishes(exchange: str = "paper", plain: Mapping[str, Any] | None = None, **custom: Any) -> dict[str, Any]:
    body = registration(exchange=exchange, custom=custom)
    body["settings"].update(plain or {})
    return plain_wishes(Registration.model_validate(body))


def profile(found: Mapping[str, Any], endpoints: Mapping[str, str] = {}, **options: Any) -> Profile:
    return profile_of("u1", found, endpoints, **{"live": False, **options})


def test_a_registration_is_a_profile() -> None:
    """Account, venue, symbol, leverage, strategy and risk, under their own names."""
    found = profile(wishes(gridStepPercent=D("0.5"), mmRateThreshold=80, onStop="cancel_entries"))
    entry = found.symbols[0]
    assert (found.account, entry.symbol, entry.leverage) == ("u1", "DOGEUSDT", 75)
    assert isinstance(entry.strategy, SymmetricSettings)
    assert (entry.strategy.initial_position_size_usd, entry.strategy.grid_step_percent) == (D(1), D("0.5"))
    assert (found.risk.mm_rate_threshold, found.risk.on_stop) == (D(80), "cancel_entries")
    assert isinstance(found.venue, PaperSettings)
    assert (found.venue.balance, found.venue.real_money) == (D(10_000), False)


def test_the_operator_says_where_an_exchange_is() -> None:
    """A practice exchange in place of its own hosts; users can not."""
    found = profile(wishes("bybit"), {"bybit": "http://127.0.0.1:8701"})
    assert isinstance(found.venue, BybitSettings)
    assert (found.venue.endpoint, found.venue.demo_trading) == ("http://127.0.0.1:8701", True)
    assert profile(wishes("bybit")).venue.model_dump()["endpoint"] is None


def test_real_money_is_said_by_user_and_operator() -> None:
    """isDemo: false alone is refused."""
    found = wishes("bybit")
    found["exchange"]["isDemo"] = False
    with pytest.raises(UsageError, match="its operator must say --live"):
        profile(found)
    assert profile(found, live=True).venue.real_money


def test_a_first_amount_becomes_the_margin_of_the_grids_first_order() -> None:
    """75 in quote currency at 75x: a margin of 1; given by its own name it stays."""
    plain = {"tradeAmount": D(150), "maxConcurrentTrades": 7}
    found = wishes(plain=plain)
    del found["settings"]["customSettings"]["initialPositionSizeUsd"]
    strategy = profile(found).symbols[0].strategy
    assert isinstance(strategy, SymmetricSettings)
    assert (strategy.initial_position_size_usd, strategy.max_grid_levels_per_side) == (D(2), 7)
    strategy = profile(wishes(plain=plain)).symbols[0].strategy
    assert isinstance(strategy, SymmetricSettings)
    assert strategy.initial_position_size_usd == D(1)


@pytest.mark.parametrize("name", ["takeProfit", "stopLoss"])
def test_a_limit_that_a_strategy_does_not_know_is_never_forgotten(name: str) -> None:
    """Somebody who gives a stop-loss must not trade without one; 0 means none."""
    with pytest.raises(UsageError, match=rf"settings\.{name}: this strategy has no such setting"):
        profile(wishes(plain={name: D(5)}))
    profile(wishes(plain={name: 0}))


def test_mistakes_are_told_in_the_platforms_names() -> None:
    """All of them at once, camelCase, with the place in the request."""
    found = wishes(gridStepPercent=0, averagingMultiplierr=2)
    found["settings"]["tradingPair"] = "XYZ"
    found["settings"]["leverage"] = 500
    found["exchange"]["name"] = "bybit"
    with pytest.raises(UsageError) as told:
        profile(found)
    text = str(told.value)
    assert "settings.leverage: 500 is above the maximum 200; choose 1–200; settings." in text
    assert "; settings.customSettings.gridStepPercent: 0 is below" in text
    assert "averagingMultiplierr: is not a known key; did you mean averagingMultiplier?" in text
    assert "\n" not in text


def test_the_schema_is_the_profiles_own() -> None:
    """Each strategy's fields in camelCase, and the account's risk; bounds are exact. Required is what no plain setting
    gives, and the platform's own name of the lot is known: no good registration contradicts its schema."""
    schema = settings_schema()["symmetric"]
    assert set(schema["properties"]) >= {"strategy", "gridStepPercent", "onStop"}
    assert schema["required"] == []
    assert schema["properties"]["initialPositionSizeUsd"]["description"] == "or tradeAmount of the plain settings"
    signal = settings_schema()["signal"]
    assert signal["required"] == ["spacePercent"]
    assert signal["properties"]["baseLot"] == signal["properties"]["spaceLots"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["gridStepPercent"]["anyOf"][0]["minimum"] == D("0.01")


def test_every_pair_of_the_embedded_exchange_has_a_first_price() -> None:
    """And others are refused with the list."""
    assert pairs("paper") == list(FIRST_PRICES)
    for symbol in FIRST_PRICES:
        found = wishes()
        found["settings"]["tradingPair"] = symbol
        assert profile(found).symbols[0].symbol == symbol
    found["settings"]["tradingPair"] = "PEPEUSDT"
    with pytest.raises(UsageError, match="paper trades BTCUSDT"):
        profile(found)


# ---- the four plain settings are those of a strategy with bands, lots and sums ---------------------------------------


class Banded(StrategySettings):
    """The part of such a strategy that the plain settings speak about."""

    kind: Literal["signal"] = "signal"
    space_lots: Annotated[D, Field(gt=0)]
    space_orders: int
    space1_orders: int = 0
    space2_orders: int = 0
    min_lot: D = D(0)
    basket_profit: D = D(0)
    max_loss: D = D(0)


@pytest.fixture
def banded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(STRATEGIES, dict)
    monkeypatch.setitem(STRATEGIES, "signal", Banded)


def strategy_of(custom: dict[str, Any], base_lot: str | None = None, **plain: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("tradeAmount", "takeProfit", "stopLoss", "maxConcurrentTrades"))
    settings = {"leverage": 10, "customSettings": custom, **empty, **plain}
    return profiles._strategy_and_risk(settings, base_lot)[0]


@pytest.mark.usefixtures("banded")
def test_plain_settings_have_their_places() -> None:
    """Amount: lot; take-profit: of a basket; stop-loss: the day's loss, negative; trades: the bands' orders."""
    found = strategy_of({}, "0.5", tradeAmount="100", takeProfit="5", stopLoss="20", maxConcurrentTrades=6)
    assert found == {
        "kind": "signal",
        "space_lots": "0.5",
        "basket_profit": "5",
        "max_loss": "-20",
        "space_orders": 6,
    }


@pytest.mark.usefixtures("banded")
def test_the_base_lot_is_the_first_bands() -> None:
    """Under the platform's name or the strategy's own; then the amount asks for no price."""
    assert strategy_of({"baseLot": "3"}) == strategy_of({"spaceLots": "3"}) == {"kind": "signal", "space_lots": "3"}
    asked = {"settings": {"tradeAmount": "100", "customSettings": {}}}
    assert wants_price(asked)
    for name in ("baseLot", "spaceLots"):
        assert not wants_price({"settings": {"tradeAmount": "100", "customSettings": {name: "3"}}})
    assert not wants_price({"settings": {"tradeAmount": None, "customSettings": {}}})
    assert not wants_price({"settings": {"tradeAmount": "1", "customSettings": {"strategy": "symmetric"}}})


@pytest.mark.usefixtures("banded")
def test_the_first_band_takes_what_the_others_leave() -> None:
    """6 in all, 4 of them in the second band; a sum that does not fit is a mistake."""
    assert strategy_of({"space1Orders": 4}, maxConcurrentTrades=6)["space_orders"] == 2
    assert strategy_of({"spaceOrders": 2, "space1Orders": 4}, maxConcurrentTrades=6)["space_orders"] == 2
    for custom in ({"space1Orders": 7}, {"spaceOrders": 3}):
        with pytest.raises(UsageError, match="is not the sum of the bands' orders"):
            strategy_of(custom, maxConcurrentTrades=6)


@pytest.mark.usefixtures("banded")
def test_what_the_user_names_goes_before_the_plain_settings() -> None:
    """An own basketProfit stays."""
    assert strategy_of({"basketProfit": "9"}, takeProfit="5")["basket_profit"] == "9"
