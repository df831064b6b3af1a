"""What a profile says about its venue. A new venue is a model here and one line in ``VENUES``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationInfo

from gridhedge.domain.values import Millis
from gridhedge.profile.by_name import ByName

__all__ = [
    "VENUES",
    "BinanceSettings",
    "BitgetSettings",
    "BybitSettings",
    "CandleFeedSettings",
    "ExchangeSettings",
    "FeedSettings",
    "Mt5Settings",
    "PaperSettings",
    "RealVenueSettings",
    "SyntheticFeedSettings",
    "TickFeedSettings",
    "VenueSettings",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _beside_the_profile(file: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder", Path())
    return Path(folder) / file.expanduser()


DataFile = Annotated[Path, AfterValidator(_beside_the_profile), Field(description="a file name, seen from the profile")]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FeedSettings(_Settings):
    """Where the embedded exchange takes the prices of one symbol from."""


class SyntheticFeedSettings(FeedSettings):
    """A seeded random walk with calm, lively and trending stretches."""

    kind: Literal["synthetic"]
    price: Annotated[Decimal, Field(ge=Decimal("1e-8"), le=Decimal("1e8"))]
    """The first price."""
    step_seconds: Annotated[Decimal, Field(ge=Decimal("0.05"), le=3600)] = Decimal(1)
    """Time between two prices."""
    volatility_percent: Annotated[Decimal, Field(ge=0, le=10, decimal_places=4)] = Decimal("0.04")
    """Standard deviation of the movement from one price to the next, in percent of the price."""


class CandleFeedSettings(FeedSettings):
    """Recorded candles."""

    kind: Literal["candles"]
    file: DataFile
    path_order: Literal["nearer", "farther", "low", "high"] = "nearer"
    """Which extreme of a candle the price meets first: the one nearer to its open, the farther, the low, the high."""


class TickFeedSettings(FeedSettings):
    """Recorded trades."""

    kind: Literal["ticks"]
    file: DataFile


FEEDS: Mapping[str, type[FeedSettings] | None] = {
    "synthetic": SyntheticFeedSettings,
    "candles": CandleFeedSettings,
    "ticks": TickFeedSettings,
}


class VenueSettings(_Settings):
    """Common ground of all venues."""

    @property
    def real_money(self) -> bool:
        """Whether orders cost real money. A venue that does not say otherwise is taken for real."""
        return True


class RealVenueSettings(VenueSettings):
    """A venue that has a real and a demo side: which one is always said, never defaulted."""

    account_stream: ClassVar[str] = "private stream"
    """Through what it tells of the account."""
    demo_trading: bool

    @property
    def real_money(self) -> bool:
        return not self.demo_trading


class ExchangeSettings(RealVenueSettings):
    """An exchange that is reached over the network with a key."""

    name: str
    endpoint: Annotated[
        str | None,
        Field(
            pattern=r"^(https://[A-Za-z0-9.-]+|http://(127\.0\.0\.1|localhost))(:[0-9]{1,5})?$",
            description="an address such as http://127.0.0.1:8701 (http on this machine only, no path)",
        ),
    ] = None
    """A practice exchange in place of the venue's own hosts, for requests and websockets."""
    recv_window_ms: Annotated[int, Field(ge=1000, le=60000)] = 5000
    """The venue refuses a request that is older; what became of an unanswered one is known so much later."""
    private_stream_timeout_seconds: Annotated[int, Field(ge=10, le=86400)] = 600
    """Without the account's stream for so long, the bot stops until a person has looked."""


class BybitSettings(ExchangeSettings):
    """Bybit's USDT perpetuals in hedge mode."""

    name: Literal["bybit"]


class BinanceSettings(ExchangeSettings):
    """Binance's USDC and USDT perpetuals in hedge mode."""

    name: Literal["binance"]


class BitgetSettings(ExchangeSettings):
    """Bitget's USDT perpetuals in hedge mode, on a classic or a unified account: which one is found out."""

    name: Literal["bitget"]
    recv_window_ms: Literal[30000] = 30000
    """Bitget decides it."""


class Mt5Settings(RealVenueSettings):
    """A MetaTrader 5 account in hedging mode, through the terminal on this machine or a bridge to another one."""

    account_stream: ClassVar[str] = "terminal"
    name: Literal["mt5"]
    terminal: Annotated[
        str,
        Field(
            min_length=1,
            max_length=300,
            description="the path to terminal64.exe, or a bridge such as tcp://127.0.0.1:18812",
        ),
    ]
    """Which terminal: a program of this (Windows) machine, or the address of ``gridhedge mirror bridge``."""
    login: Annotated[int, Field(gt=0, lt=2**63)]
    """The account's number. Its password comes from the keyring, the environment or .env, as MT5_PASSWORD."""
    server: Annotated[str, Field(min_length=1, max_length=100)]
    """The broker's server, as the terminal writes it."""
    symbol_name: Annotated[str, Field(max_length=40, description="such as m, .r or #*")] = ""
    """How the broker writes symbols: a prefix, a suffix with a leading dot, or * where the plain name stands."""
    poll_ms: Annotated[int, Field(ge=20, le=5000)] = 100
    """How often the terminal is asked what has changed: it pushes nothing."""
    commission_per_lot: Annotated[Decimal, Field(ge=0, le=1000)] = Decimal(0)
    """Per lot and side, in the account's currency: a terminal does not tell it before the first deal."""
    commission_percent: Annotated[Decimal, Field(ge=0, le=5)] = Decimal(0)
    """Per side, of the turnover, where the broker charges that."""
    private_stream_timeout_seconds: Annotated[int, Field(ge=10, le=604800)] = 259200
    """Without the broker for so long, the bot stops until a person has looked. Brokers are away on weekends."""
    deviation_points: Annotated[int, Field(ge=0, le=100000)] = 20
    """How far from the price asked for an immediate entry may execute, where the broker honours it."""


class PaperSettings(VenueSettings):
    """The embedded exchange: rules and fees of a real one, money of its own."""

    name: Literal["paper"]
    rules: Literal["bybit", "binance", "bitget", "mt5"]
    """Whose price, quantity and margin rules, and whose fees, apply."""
    balance: Annotated[Decimal, Field(gt=0, le=Decimal("1e9"))] = Decimal(1000)
    """Wallet at the first start, in the quote currency."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Synthetic prices with the same seed are the same prices."""
    feeds: Annotated[dict[str, Annotated[FeedSettings, ByName("feed", "kind", FEEDS)]], Field(min_length=1)]
    """One per symbol."""
    start: Annotated[AwareDatetime, Field(description="a time with its zone, such as 2026-01-01T00:00:00Z")] = datetime(
        2026, 1, 1, tzinfo=UTC
    )
    """Time on the exchange at the first start."""
    latency_ms: Annotated[int, Field(ge=0, le=60000)] = 0
    """How much later a request reaches the exchange."""
    fill: Literal["through", "touch"] = "through"
    """When a resting order executes: once the price has gone through it, or already when it is touched."""
    liquidity: Annotated[Decimal, Field(gt=0, le=Decimal("1e12"))] | None = None
    """Quantity (base currency) that can trade per movement of the price; without it every order fills whole."""
    funding_rate_percent: Annotated[Decimal, Field(ge=-5, le=5)] = Decimal("0.01")
    """Charged on the position per funding interval (8 hours); positive: long pays short."""

    @property
    def real_money(self) -> bool:
        return False

    @property
    def start_ms(self) -> Millis:
        return (self.start - _EPOCH) // timedelta(milliseconds=1)


VENUES: Mapping[str, type[VenueSettings] | None] = {
    "paper": PaperSettings,
    "bybit": BybitSettings,
    "binance": BinanceSettings,
    "bitget": BitgetSettings,
    "mt5": Mt5Settings,
}
