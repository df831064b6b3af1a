"""What a seed's world looks like before anything goes wrong: profile, exchange, prices, and the venue's nature; and how
its user edits the profile later."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

from gridhedge.domain.instrument import Instrument
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Capabilities
from gridhedge.profile.settings import Profile
from gridhedge.simulate.dice import Dice
from gridhedge.simulate.market import WildFeed
from gridhedge.strategy.settings import SignalSettings, StrategySettings, SymmetricSettings, TrimSettings
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.funding import ConstantFunding
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import FillRule, Listing

__all__ = ["START", "STRATEGIES", "Kind", "Scene", "draw", "edited"]

Kind: TypeAlias = Literal["symmetric", "trim", "signal"]
STRATEGIES: tuple[Kind, ...] = ("symmetric", "trim", "signal")
START: Millis = 1_767_225_600_000
_PRICES = {"DOGEUSDT": "0.19933", "BTCUSDT": "97000.1", "ETHUSDT": "3456.78"}
_POOR_EVERY = 7
"""In every seventh world the wallet is so small that the reserve ends the ladder."""
_WINDOWS = ((5000, 10000), (3000, 500), (1000, 500), (0, 0))
"""Receive window and processing time (ms): Bybit's documented limits, two faster venues, and one without signatures."""


class Scene(NamedTuple):
    """Everything about a world that is fixed before the first step."""

    profile: Profile
    exchange: Exchange
    feeds: dict[str, WildFeed]
    capabilities: Capabilities
    is_chatty: bool
    """Whether the venue's stream tells every change of an order, not only those that nobody asked for."""


def draw(seed: int, kind: Kind = "symmetric") -> Scene:
    """The scene of a seed: the same venue, money and prices, whatever the strategy."""
    dice = Dice(seed, "scene")
    names = ["DOGEUSDT", "BTCUSDT", "ETHUSDT"]
    symbols = [names.pop(dice.below(len(names)))]
    if dice.chance(120):
        symbols.append(names.pop(dice.below(len(names))))
    document = _document(dice, symbols)
    if kind == "trim":
        document["symbols"] = [
            entry for symbol in symbols for entry in _trim_entries(Dice(seed, f"trim/{symbol}"), symbol)
        ]
    if kind == "signal":
        for entry in document["symbols"]:
            entry["strategy"] = _baskets(Dice(seed, f"signal/{entry['symbol']}"), entry["symbol"])
            first = document["symbols"][0]["strategy"]
            entry["strategy"] |= {limit: first[limit] for limit in ("global_profit", "max_loss")}  # the account's
    profile = Profile.model_validate(document)
    feeds = {symbol: _feed(seed, dice, symbol) for symbol in symbols}
    funding = ConstantFunding(dice.pick((1, 3, 15, 480)), Decimal(dice.between(-10, 30)) / 10_000)
    listings = [
        Listing(instrument("bybit", symbol), fees("bybit", symbol), feeds[symbol], funding) for symbol in symbols
    ]
    fill: FillRule = dice.pick(("through", "touch"))
    balance = Decimal(dice.pick(("100000", "100000", "1000", "150", "60")))
    if seed % _POOR_EVERY == 1:
        balance = Decimal(Dice(seed, "purse").pick(("20", "40", "80"))) * (5 if "BTCUSDT" in symbols else 1)
    exchange = Exchange(listings, balance, fill=fill)
    window, processing = dice.pick(_WINDOWS)
    can_amend = dice.chance(700)
    capabilities = Capabilities(20, can_amend, True, window, processing, exchange.max_open_orders)
    return Scene(profile, exchange, feeds, capabilities, dice.chance(500))


def _document(dice: Dice, symbols: list[str]) -> dict[str, Any]:
    return {
        "account": "sim",
        "venue": {
            "name": "paper",
            "rules": "bybit",
            "feeds": {symbol: {"kind": "synthetic", "price": _PRICES[symbol]} for symbol in symbols},
        },
        "symbols": [{"symbol": symbol, "leverage": dice.pick((75, 50, 20)), "strategy": _strategy(dice, symbol)}
                    for symbol in symbols],
        "risk": {
            "mm_rate_threshold": dice.pick(("90", "90", "50", "0")),
            "balance_buffer_percent": dice.pick(("15", "15", "50", "0")),
            "emergency_action": dice.pick(("freeze", "freeze", "hold", "cancel_entries", "close_all")),
            "on_start": dice.pick(("adopt", "adopt", "adopt", "cancel_all")),
            "on_stop": dice.pick(("keep", "keep", "cancel_entries", "cancel_all")),
            "max_notional_per_side": dice.pick(("0", "0", "0", "2000")),
        },
        "system": {"tick_interval": "1", "sync_interval": dice.pick(("5", "20", "60"))},
    }  # fmt: skip


def _strategy(dice: Dice, symbol: str) -> dict[str, Any]:
    least = 5 if symbol == "BTCUSDT" else 1
    return {
        "kind": "symmetric",
        "initial_position_size_usd": str(dice.pick((1, 1, 3)) * least),
        "grid_step_percent": dice.pick(("0.3", "0.5", "1.0")),
        "averaging_multiplier": dice.pick(("2.0", "2.0", "1.5", "3.0")),
        "take_profit_percent": dice.pick(("0.3", "0.5", "1.0")),
        "max_grid_levels_per_side": dice.between(2, 8),
        "entry_slippage_percent": dice.pick(("0.05", "0.05", "0", "0.5")),
        "entry_timeout_seconds": dice.pick(("5", "2")),
        "take_profit_fee": dice.pick(("auto", "auto", "taker")),
    }


def _trim_entries(dice: Dice, symbol: str) -> list[dict[str, Any]]:
    """One direction or both, with levels so near that a short walk meets all of them."""
    nearest = Decimal(dice.pick(("0.2", "0.5")))
    steps = dice.pick((("1", "2", "4", "4.5"), ("1", "1.5", "2", "3")))
    strategy = {
        "kind": "trim",
        "entry_ratios": dice.pick((("0.05", "0.20", "0.25", "0.50"), ("0.25", "0.25", "0.25", "0.25"))),
        "level_distances_percent": [str(nearest * Decimal(step)) for step in steps],
        "max_entry_level": dice.pick((4, 4, 3, 2)),
        "stop_loss_percent": str(nearest * dice.pick((5, 8))),
        "grid_range_percent": dice.pick(("0.5", "1.0", "2.0")),
        "take_profit_percent": dice.pick(("0.1", "0.3")),
        "break_even_percent": dice.pick(("0.05", "0.1", "0")),
        "break_even_basis": dice.pick(("percent", "net")),
        "capital_fraction": dice.pick(("0.33", "0.33", "0.9")),
    }
    if dice.chance(300):
        strategy["initial_capital"] = dice.pick(("500", "5000"))
    directions = dice.pick((("long",), ("short",), ("long", "short")))
    leverage = dice.pick((20, 20, 5))
    return [
        {"symbol": symbol, "leverage": leverage, "strategy": {**strategy, "direction": direction}}
        for direction in directions
    ]


def _baskets(dice: Dice, symbol: str) -> dict[str, Any]:
    """Candles of a minute, small spaces, and profits that a short walk reaches; now and then limits of the day."""
    lots = {"DOGEUSDT": (100, 300), "BTCUSDT": ("0.001", "0.003"), "ETHUSDT": ("0.01", "0.05")}[symbol]
    has_average = dice.chance(400)
    return {
        "kind": "signal",
        "timeframe": "1m",
        "use_sma_sar": has_average,
        "sma_period": dice.between(1, 4),
        "reverse_order": has_average and dice.chance(300),
        "cci_period": dice.pick((0, 0, 2)),
        "trades_per_day": dice.pick((9999, 9999, 3)),
        "space_percent": dice.pick(("0.1", "0.3")),
        "space_orders": dice.between(1, 3),
        "space_lots": str(dice.pick(lots)),
        "space1_percent": dice.pick(("0.3", "0.5")),
        "space1_orders": dice.between(1, 3),
        "space1_lots": str(lots[1]),
        "multiplier": dice.pick(("0", "1.5", "2")),
        "open_on_new_candle": dice.chance(300),
        "single_order_profit": dice.pick(("0", "0.05", "0.3")),
        "basket_profit": dice.pick(("0", "0.1", "0.5")),
        "pair_global_profit": dice.pick(("0.05", "0.3")),
        "global_profit": dice.pick(("0", "0", "0", "3")),
        "max_loss": dice.pick(("0", "0", "0", "-3")),
        "entry_slippage_percent": dice.pick(("0.05", "0.05", "0", "0.5")),
        "entry_timeout_seconds": dice.pick(("5", "2")),
        "take_profit_fee": dice.pick(("auto", "auto", "taker")),
    }


def _feed(seed: int, dice: Dice, symbol: str) -> WildFeed:
    rules: Instrument = instrument("bybit", symbol)
    step_ms = dice.pick((500, 1000, 1000, 3000))
    volatility = dice.pick((300, 1000, 1000, 2500))
    return WildFeed(
        Dice(seed, f"price/{symbol}"), START, Decimal(_PRICES[symbol]), rules.tick_size, step_ms, volatility
    )


_WIDEST_STEP = Decimal(100)
"""Percent; what a profile may say."""


def edited(profile: Profile, dice: Dice) -> Profile:
    """Another depth, step and multiplier, as a user edits them between two runs."""
    entries = []
    for entry in profile.symbols:
        changed = _changes(entry.strategy, dice)
        entries.append(entry.model_copy(update={"strategy": entry.strategy.model_copy(update=changed)}))
    return profile.model_copy(update={"symbols": tuple(entries)})


def _changes(settings: StrategySettings, dice: Dice) -> dict[str, object]:
    if isinstance(settings, TrimSettings):
        return {
            "max_entry_level": dice.between(2, len(settings.entry_ratios)),
            "take_profit_percent": settings.take_profit_percent * dice.between(1, 2),
            "grid_range_percent": settings.grid_range_percent * dice.between(1, 2),
        }
    if isinstance(settings, SignalSettings):
        return {
            "space_percent": settings.space_percent / dice.between(1, 2),
            "space_orders": dice.between(1, 3),
            "multiplier": dice.pick((settings.multiplier, settings.multiplier + 1)),
        }
    assert isinstance(settings, SymmetricSettings), "the simulation knows three strategies"
    return {
        "max_grid_levels_per_side": dice.between(2, 8),
        "averaging_multiplier": dice.pick((settings.averaging_multiplier, settings.averaging_multiplier + 1)),
        "grid_step_percent": min(settings.grid_step_percent * dice.between(1, 2), _WIDEST_STEP),
    }
