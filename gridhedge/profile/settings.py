"""One account's profile, frozen and checked. The files themselves are read in ``load``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from gridhedge.profile.by_name import ByName
from gridhedge.profile.venues import VENUES, PaperSettings, VenueSettings
from gridhedge.strategy.settings import SignalSettings, StrategySettings, SymmetricSettings, TrimSettings

__all__ = ["RULE", "Broken", "NotifySettings", "Profile", "RiskSettings", "SymbolSettings", "SystemSettings"]

STRATEGIES: Mapping[str, type[StrategySettings] | None] = {
    "symmetric": SymmetricSettings,
    "trim": TrimSettings,
    "signal": SignalSettings,
}

RULE = "rule"
"""The pydantic error type of a rule between fields; its context carries ``Broken`` items."""


class Broken(NamedTuple):
    """A rule between fields that does not hold, and where to correct it (a location as pydantic's, chosen names
    included)."""

    at: tuple[str | int, ...]
    text: str


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RiskSettings(_Settings):
    """Limits of the whole account."""

    mm_rate_threshold: Annotated[Decimal, Field(ge=0, le=100)] = Decimal("90.0")
    """Maintenance margin rate (percent; 100 = liquidation) at which trading stops until a person looks."""
    balance_buffer_percent: Annotated[Decimal, Field(ge=0, le=100)] = Decimal("15.0")
    """Part of the margin balance that averaging never touches."""
    emergency_action: Literal["freeze", "hold", "cancel_entries", "close_all"] = "freeze"
    """Still sent in an emergency: nothing; cancels of look-ahead and take-profits; cancels of entries; closes."""
    on_start: Literal["adopt", "cancel_all"] = "adopt"
    """Orders of ours found at the start: keep those that the plan wants, or cancel all of them."""
    on_disconnect: Literal["keep", "cancel_all"] = "keep"
    on_stop: Literal["keep", "cancel_entries", "cancel_all"] = "keep"
    """Orders of ours at a graceful stop."""
    max_notional_per_side: Annotated[Decimal, Field(ge=0, le=Decimal("1e12"))] = Decimal(0)
    """Cap on one side's position and entries of a symbol, in quote currency; 0 = off."""


class SystemSettings(_Settings):
    """The bot's own pace, in seconds."""

    tick_interval: Annotated[Decimal, Field(ge=Decimal("0.05"), le=60)] = Decimal("1.0")
    sync_interval: Annotated[Decimal, Field(ge=5, le=3600)] = Decimal(60)
    """How often the book is compared with the venue."""


class NotifySettings(_Settings):
    """Whom to tell what happens. What signs it is no setting: WEBHOOK_SECRET in .env (see .env.example)."""

    webhook_url: Annotated[
        str,
        Field(max_length=2048, pattern=r"^https?://[^\s@]+$", description="an address such as https://host/path"),
    ]


class SymbolSettings(_Settings):
    """One strategy on one symbol."""

    symbol: Annotated[
        str,
        Field(
            pattern=r"^[A-Z0-9]{3,24}$",
            description="the symbol as the venue writes it, in capitals, such as DOGEUSDT",
        ),
    ]
    leverage: Annotated[int, Field(ge=1, le=200)]
    strategy: Annotated[StrategySettings, ByName("strategy", "kind", STRATEGIES)]


def _meaning(entry: SymbolSettings) -> str:
    """What may stand only once in a profile: symbol, strategy and direction."""
    strategy = entry.strategy.model_dump(mode="json", include={"kind", "direction"})
    return " ".join([entry.symbol, *strategy.values()])


class Profile(_Settings):
    """Everything that one account's bot is told."""

    account: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,16}$", description="1 to 16 letters, digits or _")]
    venue: Annotated[VenueSettings, ByName("venue", "name", VENUES)]
    live: bool = False
    """The second yes to real money; the first is the venue's ``demo_trading: false``."""
    dry_run: bool = False
    """Decide and log, send nothing."""
    symbols: Annotated[tuple[SymbolSettings, ...], Field(min_length=1, max_length=100)]
    risk: RiskSettings = RiskSettings()
    system: SystemSettings = SystemSettings()
    notify: NotifySettings | None = None

    @property
    def traded(self) -> tuple[str, ...]:
        """The symbols, each once: two directions of one strategy may share one."""
        return tuple(dict.fromkeys(entry.symbol for entry in self.symbols))

    @model_validator(mode="after")
    def _rules_between_fields(self) -> Self:
        broken = [
            *self._said_twice(),
            *self._rules_of_strategies(),
            *self._limits_of_the_day(),
            *self._feeds_that_do_not_match(),
        ]
        if broken:
            raise PydanticCustomError(RULE, "rules between fields do not hold", {"broken": broken})
        return self

    def _said_twice(self) -> Iterator[Broken]:
        seen: dict[str, int] = {}
        for index, entry in enumerate(self.symbols):
            meaning = _meaning(entry)
            first = seen.setdefault(meaning, index)
            if first != index:
                yield Broken(
                    ("symbols", index, "symbol"), f"{meaning} is already there as symbols[{first}]; remove one of them"
                )

    def _rules_of_strategies(self) -> Iterator[Broken]:
        first: dict[str, SymbolSettings] = {}
        for index, entry in enumerate(self.symbols):
            kind = type(entry.strategy).model_fields["kind"].default
            for field, text in entry.strategy.broken_rules():
                yield Broken(("symbols", index, "strategy", kind, field), text)
            before = first.setdefault(entry.symbol, entry)
            if type(before.strategy) is not type(entry.strategy):
                text = (
                    f"{entry.symbol} has another strategy in this profile; only opposite directions of one may share it"
                )
                yield Broken(("symbols", index, "symbol"), text)
            elif before.leverage != entry.leverage and _meaning(before) != _meaning(entry):
                text = f"is {before.leverage} for the other direction; a symbol has one leverage, say the same in both"
                yield Broken(("symbols", index, "leverage"), text)

    def _limits_of_the_day(self) -> Iterator[Broken]:
        """They close the whole account: every symbol must have the same, and a strategy that can be closed so."""
        limited = [entry.strategy for entry in self.symbols if isinstance(entry.strategy, SignalSettings)]
        limited = [strategy for strategy in limited if strategy.global_profit or strategy.max_loss]
        if not limited:
            return
        for index, entry in enumerate(self.symbols):
            settings = entry.strategy
            at = "symbols", index, "strategy", type(settings).model_fields["kind"].default
            if not isinstance(settings, SignalSettings):
                text = "global_profit and max_loss of another symbol close the whole account, which only signal can"
                yield Broken((*at, "kind"), f"{text}; give this strategy an account of its own")
                continue
            for field in ("global_profit", "max_loss", "timezone"):
                here, there = getattr(settings, field), getattr(limited[0], field)
                if here != there:
                    text = f"is {here} here and {there} on another symbol; limits of the day are the account's"
                    yield Broken((*at, field), f"{text}: say the same in all symbols")

    def _feeds_that_do_not_match(self) -> Iterator[Broken]:
        if not isinstance(self.venue, PaperSettings):
            return
        symbols = {entry.symbol: index for index, entry in enumerate(self.symbols)}
        for name in self.venue.feeds:
            if name not in symbols:
                yield Broken(
                    ("venue", self.venue.name, "feeds", name),
                    f"{name} is not a symbol of this profile; its symbols: {', '.join(symbols)}",
                )
        for symbol, index in symbols.items():
            if symbol not in self.venue.feeds:
                yield Broken(("symbols", index, "symbol"), f"{symbol} has no prices; add it to venue.feeds")

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that differ whenever two profiles mean something different.

        ``1`` and ``1.00`` mean the same, and so do a default and the same value written out.
        """
        canonical = json.dumps(_canonical(self.model_dump()), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, Decimal):
        return str(value.normalize())
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, PurePath):
        return value.name  # the same profile on another machine keeps its digest
    return value
