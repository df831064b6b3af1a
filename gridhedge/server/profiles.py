"""Turns a registration into the profile that the bot is told, and the profile's mistakes into the platform's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from gridhedge.domain.errors import UsageError
from gridhedge.profile.document import Node
from gridhedge.profile.sentences import problems_of
from gridhedge.profile.settings import STRATEGIES, Profile, RiskSettings
from gridhedge.profile.venues import VENUES, ExchangeSettings, PaperSettings
from gridhedge.venue.paper.instruments import symbols

__all__ = [
    "FIRST_PRICES",
    "available_exchanges",
    "available_strategies",
    "pairs",
    "profile_of",
    "settings_schema",
    "wants_price",
]

FIRST_PRICES = {
    "BTCUSDT": Decimal(60_000),
    "ETHUSDT": Decimal(3_000),
    "SOLUSDT": Decimal(150),
    "DOGEUSDT": Decimal("0.2"),
}
"""Where the embedded exchange's random walks begin."""
_PAPER_BALANCE = "10000"
_PLACEHOLDER_LOT = "1"
_LOT = "space_lots"
"""The strategy's name for what the platform calls baseLot: the first order's quantity."""
_FROM_PLAIN = {
    "space_lots": "tradeAmount",
    "space_orders": "maxConcurrentTrades",
    "initial_position_size_usd": "tradeAmount",
}
"""Settings that may be given as a plain one instead."""
_BAND = re.compile(r"space\d?_orders")
_SNAKE = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
_PLACES = (
    ("symbols[0].symbol", "settings.tradingPair"),
    ("symbols[0].leverage", "settings.leverage"),
    ("symbols[0].strategy.kind", "settings.customSettings.strategy"),
    ("symbols[0].strategy", "settings.customSettings"),
    ("risk", "settings.customSettings"),
    ("venue.name", "exchange.name"),
    ("venue", "exchange"),
)


def profile_of(
    account: str, wishes: Mapping[str, Any], endpoints: Mapping[str, str], *, live: bool, base_lot: str | None = None
) -> Profile:
    """The profile that a registration means (``registration.plain_wishes``).

    ``endpoints``: where a venue is found instead of its own hosts (practice exchanges), as the operator says;
    ``base_lot``: what ``tradeAmount`` came to. Raises UsageError with a sentence per mistake, in the request's words.
    """
    exchange, settings = wishes["exchange"], wishes["settings"]
    strategy, risk = _strategy_and_risk(settings, base_lot)
    tree = {
        "account": account,
        "venue": _venue(exchange, settings["tradingPair"], endpoints),
        "live": "true",  # said by the platform with isDemo: false, and by the operator with --live, checked here
        "symbols": [{"symbol": settings["tradingPair"], "leverage": settings["leverage"], "strategy": strategy}],
        "risk": risk,
    }
    root = _node(tree)
    try:
        profile = Profile.model_validate(root.plain())
    except ValidationError as error:
        raise UsageError("; ".join(dict.fromkeys(_sentences(error, root)))) from None
    if profile.venue.real_money and not live:
        raise UsageError("exchange.isDemo: this server does not trade real money; its operator must say --live")
    return profile


def wants_price(wishes: Mapping[str, Any]) -> bool:
    """Whether the base lot follows from ``tradeAmount`` and the price."""
    settings = wishes["settings"]
    model = STRATEGIES.get(_kind(settings["customSettings"]))
    has_lots = model is not None and _LOT in model.model_fields
    given = {"baseLot", to_camel(_LOT)} & settings["customSettings"].keys()
    return has_lots and settings["tradeAmount"] is not None and not given


def available_strategies() -> dict[str, type[BaseModel]]:
    """Strategies of this version by name."""
    return {name: model for name, model in STRATEGIES.items() if model is not None}


def available_exchanges() -> list[str]:
    """Where users of a server may trade: with a key, or on the embedded exchange. MT5 is a terminal, not a key."""
    return [
        name
        for name, model in VENUES.items()
        if model is not None and issubclass(model, PaperSettings | ExchangeSettings)
    ]


def settings_schema() -> dict[str, Any]:
    """JSON schema of ``customSettings`` per strategy, made from the profile's own models."""
    schemas: dict[str, Any] = {}
    for name, model in available_strategies().items():
        schema = model.model_json_schema(mode="validation")
        properties = {to_camel(field): value for field, value in schema["properties"].items() if field != "kind"}
        properties |= {to_camel(field): value for field, value in _risk_properties().items()}
        for field in _FROM_PLAIN.keys() & model.model_fields.keys():
            properties[to_camel(field)] |= {"description": f"or {_FROM_PLAIN[field]} of the plain settings"}
        if _LOT in model.model_fields:
            properties["baseLot"] = properties[to_camel(_LOT)]
        required = [to_camel(field) for field in schema.get("required", []) if field not in ("kind", *_FROM_PLAIN)]
        schemas[name] = {
            "type": "object",
            "description": schema.get("description", ""),
            "properties": {"strategy": {"const": name}, **properties},
            "required": required,
            "additionalProperties": False,
        }
    return {name: _exact(schema) for name, schema in schemas.items()}


def _exact(value: Any) -> Any:
    """Bounds that pydantic tells as floats, as the decimals that they were."""
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return Decimal(str(value)) if isinstance(value, float) else value


def _risk_properties() -> dict[str, Any]:
    properties: dict[str, Any] = RiskSettings.model_json_schema()["properties"]
    return properties


def _kind(custom: Mapping[str, Any]) -> str:
    return str(custom.get("strategy", "signal"))


def _venue(exchange: Mapping[str, Any], symbol: str, endpoints: Mapping[str, str]) -> dict[str, Any]:
    name = exchange["name"]
    model = VENUES.get(name)
    if model is PaperSettings:
        if not exchange["isDemo"]:
            raise UsageError("exchange.isDemo: the embedded exchange has no real money; say true")
        if symbol not in FIRST_PRICES:
            raise UsageError(f"settings.tradingPair: paper trades {', '.join(FIRST_PRICES)}; choose one of them")
        feed = {"kind": "synthetic", "price": str(FIRST_PRICES[symbol])}
        return {"name": name, "rules": "bybit", "balance": _PAPER_BALANCE, "feeds": {symbol: feed}}
    if model is None:
        return {"name": name}
    if not issubclass(model, ExchangeSettings):
        listed = ", ".join(available_exchanges())
        raise UsageError(f"exchange.name: {name} trades through a terminal, with gridhedge run; choose one of {listed}")
    endpoint = {"endpoint": endpoints[name]} if name in endpoints else {}
    return {"name": name, "demo_trading": exchange["isDemo"], **endpoint}


def _strategy_and_risk(settings: Mapping[str, Any], base_lot: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The custom settings under the profile's names, with what the plain settings add."""
    custom = dict(settings["customSettings"])
    kind = _kind(custom)
    custom.pop("strategy", None)
    model = STRATEGIES.get(kind)
    fields = model.model_fields if model is not None else {}
    by_camel = {to_camel(field): field for field in fields}
    if _LOT in fields:
        by_camel["baseLot"] = _LOT
    risk_names = {to_camel(field): field for field in RiskSettings.model_fields}
    strategy = {str(by_camel.get(name, name)): value for name, value in custom.items() if name not in risk_names}
    risk = {risk_names[name]: value for name, value in custom.items() if name in risk_names}
    if "kind" in strategy:
        raise UsageError("settings.customSettings.kind: is not a known key; the strategy's name stands in strategy")
    for name, value in _from_plain(settings, fields, strategy, base_lot).items():
        strategy.setdefault(name, value)
    return {"kind": kind, **strategy}, risk


def _from_plain(
    settings: Mapping[str, Any], fields: Mapping[str, Any], given: Mapping[str, Any], base_lot: str | None
) -> dict[str, Any]:
    """What the four plain settings mean to a strategy. One that it has no place for is refused, never forgotten: a
    user who gave a stop-loss must not trade without it."""
    amount, most = settings["tradeAmount"], settings["maxConcurrentTrades"]
    found: dict[str, Any] = {}
    if amount is not None:
        if _LOT in fields:
            found[_LOT] = base_lot or given.get("min_lot") or _PLACEHOLDER_LOT
        elif "initial_position_size_usd" in fields:
            found["initial_position_size_usd"] = str(Decimal(amount) / settings["leverage"])
        elif fields:
            raise _no_place("tradeAmount")
    for name, field, sign in (("takeProfit", "basket_profit", 1), ("stopLoss", "max_loss", -1)):
        if settings[name] is not None and Decimal(settings[name]):
            if fields and field not in fields:
                raise _no_place(name)
            found[field] = str(sign * Decimal(settings[name]))
    if most is not None:
        found |= _orders_at_most(int(most), fields, given)
    return found


def _orders_at_most(most: int, fields: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The bands' orders in all: the first band takes what the user has not given to the others."""
    if "max_grid_levels_per_side" in fields:
        return {"max_grid_levels_per_side": most}
    bands = [name for name in fields if _BAND.fullmatch(name)]
    if fields and not bands:
        raise _no_place("maxConcurrentTrades")
    texts = [str(given[name]) for name in bands if name in given]
    left = most - sum(int(text) for text in texts if text.isdecimal())
    if not bands or left == 0:
        return {}
    if left < 0 or bands[0] in given:
        raise UsageError("settings.maxConcurrentTrades: is not the sum of the bands' orders; correct or remove it")
    return {bands[0]: left}


def _no_place(name: str) -> UsageError:
    return UsageError(f"settings.{name}: this strategy has no such setting; remove it, and see settingsSchema in /info")


def _node(value: Any) -> Node:
    """The tree as the profile reads it from a file: every scalar a text."""
    if isinstance(value, Mapping):
        return Node(1, {str(key): _node(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return Node(1, [_node(item) for item in value])
    if isinstance(value, bool):
        return Node(1, "true" if value else "false")
    return Node(1, None if value is None else str(value))


def _sentences(error: ValidationError, root: Node) -> Iterator[str]:
    for problem in problems_of(error, root, Profile):
        text = _SNAKE.sub(lambda match: to_camel(match[0]), problem.text)
        yield f"{_place(problem.where)}: {text}"


def _place(where: str) -> str:
    for inner, outer in _PLACES:
        if where == inner or where.startswith(f"{inner}."):
            where = outer + where[len(inner) :]
            break
    return _SNAKE.sub(lambda match: to_camel(match[0]), where)


def pairs(exchange: str) -> list[str]:
    """Trading pairs that are known for an exchange; a real one refuses at the start what it does not have."""
    return list(FIRST_PRICES if exchange == "paper" else symbols(exchange))
