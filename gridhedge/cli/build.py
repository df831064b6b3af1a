"""The one place that picks implementations: which venue, which feed, which files."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from gridhedge.domain.errors import DiskFailure, UsageError
from gridhedge.domain.values import HUNDRED, Millis
from gridhedge.engine.ports import Clock, Venue
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import (
    BinanceSettings,
    BitgetSettings,
    BybitSettings,
    CandleFeedSettings,
    ExchangeSettings,
    FeedSettings,
    Mt5Settings,
    PaperSettings,
    SyntheticFeedSettings,
    TickFeedSettings,
)
from gridhedge.store.files import disk_failure, open_private, private_directory
from gridhedge.store.secret import ApiKeys, Secret, SecretStore
from gridhedge.venue.paper.disk import PaperDisk
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import Feed
from gridhedge.venue.paper.funding import ConstantFunding
from gridhedge.venue.paper.instruments import instrument, listing
from gridhedge.venue.paper.market import Listing
from gridhedge.venue.paper.venue import PaperVenue

if TYPE_CHECKING:
    from gridhedge.replay.download import CandleSource
    from gridhedge.venue.binance.client import Client as BinanceClient
    from gridhedge.venue.bitget.client import Client as BitgetClient
    from gridhedge.venue.bybit.client import Client as BybitClient
    from gridhedge.venue.clock import ServerClock
    from gridhedge.venue.prices import PriceStreams

_PPM_PER_PERCENT = 10_000
_PUBLIC_TIMEOUT_S = 4.0
_NO_KEYS = ApiKeys(Secret(""), Secret(""))

Pause = Callable[[Millis], None]
Market: TypeAlias = Exchange | ApiKeys
"""What a profile trades on: the embedded exchange, or a real venue with the keys for it."""


class RealVenue(Venue, Clock, Protocol):
    """An exchange behind the engine's port, and what running on one needs beyond it."""

    def uid(self) -> str:
        """The account's name at the venue. Raises VenueError."""

    def private_down_ms(self) -> Millis:
        """How long the account's stream has been down; 0 while it is up."""


def market_of(profile: Profile) -> Market:
    """Reads feed files or keys, writes nothing. Raises UsageError when one is missing or can not be used."""
    if isinstance(profile.venue, ExchangeSettings):
        has_passphrase = isinstance(profile.venue, BitgetSettings)
        store = SecretStore(os.environ, Path(".env"))
        return store.api_keys(profile.account, profile.venue.name, passphrase=has_passphrase)
    if isinstance(profile.venue, Mt5Settings):
        return _mt5_password(profile.account)
    return paper_exchange(profile)


def _mt5_password(account: str) -> ApiKeys:
    """A terminal account has a password in place of keys: ``001_MT5_PASSWORD``, or ``MT5_PASSWORD``."""
    store = SecretStore(os.environ, Path(".env"))
    own = f"{account}_MT5_PASSWORD".upper()
    found = store.find(own) or store.find("MT5_PASSWORD")
    if found is None:
        raise UsageError(f"{own} (or MT5_PASSWORD) is set nowhere; add the line {own}=... to .env, or export it")
    return ApiKeys(Secret(""), found)


def secrets_of(market: Market) -> tuple[Secret, ...]:
    """What the logs must never show."""
    return market.values() if isinstance(market, ApiKeys) else ()


def checked_venue(profile: Profile) -> Venue:
    """The profile's venue, to ask for its readiness; it must be closed. Raises UsageError."""
    market = market_of(profile)
    if isinstance(market, Exchange):
        return paper_venue(profile, market)
    return real_venue(profile, market)


def public_venue(profile: Profile) -> Venue | None:
    """The profile's real venue without keys and with little patience, to ask what it tells anybody; it must be closed.

    None for the embedded exchange. Raises UsageError when the venue's client library is not installed.
    """
    if isinstance(profile.venue, Mt5Settings):
        raise UsageError("a terminal tells nothing without its password")
    if isinstance(profile.venue, ExchangeSettings):
        return real_venue(profile, _NO_KEYS, timeout_s=_PUBLIC_TIMEOUT_S)
    return None


def _mt5_venue(account: str, settings: Mt5Settings, keys: ApiKeys, folder: Path | None) -> RealVenue:
    """The account in its terminal. Raises UsageError where neither the package nor a bridge is there."""
    from gridhedge.venue.mt5.client import terminal_at
    from gridhedge.venue.mt5.reads import Reads
    from gridhedge.venue.mt5.terminal.connect import Access
    from gridhedge.venue.mt5.terminal.names import SymbolNames
    from gridhedge.venue.mt5.venue import Commission, Mt5Venue

    access = Access(settings.terminal, settings.login, keys.secret.reveal(), settings.server)
    return Mt5Venue(
        Reads(terminal_at(settings.terminal), access, SymbolNames(settings.symbol_name)),
        account,
        demo=settings.demo_trading,
        commission=Commission(settings.commission_per_lot, settings.commission_percent),
        file=None if folder is None else folder / "mt5_memory.jsonl",
        poll_ms=settings.poll_ms,
        deviation=settings.deviation_points,
    )


def real_venue(
    profile: Profile,
    keys: ApiKeys,
    accepts_unrestricted_key: bool = False,
    timeout_s: float = 10.0,
    folder: Path | None = None,
) -> RealVenue:
    """The profile's exchange, nothing connected yet. What it sends and receives is logged with the account's lines.

    ``folder``: the account's own, for what a venue does not keep itself; without it that is forgotten.
    """
    settings = profile.venue
    if isinstance(settings, Mt5Settings):
        return _mt5_venue(profile.account, settings, keys, folder)
    assert isinstance(settings, ExchangeSettings), "keys are for real venues"
    log = logging.getLogger(f"gridhedge.account.{profile.account}.{settings.name}")
    clock = _server_clock()
    if isinstance(settings, BinanceSettings):
        binance = _binance_client(settings, keys, timeout_s, clock, log)
        from gridhedge.venue.binance.venue import BinanceVenue

        return BinanceVenue(
            binance,
            clock,
            demo=settings.demo_trading,
            receive_window_ms=settings.recv_window_ms,
            accepts_unrestricted_key=accepts_unrestricted_key,
            log=log,
        )
    if isinstance(settings, BitgetSettings):
        bitget = _bitget_client(settings, keys, timeout_s, clock, log)
        from gridhedge.venue.bitget.venue import BitgetVenue

        return BitgetVenue(
            bitget,
            clock,
            demo=settings.demo_trading,
            account_key=keys.key.reveal(),
            accepts_unrestricted_key=accepts_unrestricted_key,
            log=log,
        )
    bybit = _bybit_client(settings, keys, timeout_s, clock, log)
    from gridhedge.venue.bybit.venue import BybitVenue

    return BybitVenue(
        bybit,
        clock,
        _bybit_prices(settings.endpoint or ""),
        demo=settings.demo_trading,
        receive_window_ms=settings.recv_window_ms,
        accepts_unrestricted_key=accepts_unrestricted_key,
        log=log,
    )


@cache
def _bybit_prices(endpoint: str) -> PriceStreams:
    """The same for all accounts of this process."""
    from gridhedge.venue.bybit.tickers import price_streams

    return price_streams(endpoint, logging.getLogger("gridhedge.bybit"))


def _server_clock() -> ServerClock:
    from gridhedge.venue.clock import ServerClock

    return ServerClock()


def _bybit_client(
    settings: ExchangeSettings, keys: ApiKeys, timeout_s: float, clock: ServerClock, log: logging.Logger
) -> BybitClient:
    _need("bybit", "pybit", "tenacity")
    from gridhedge.venue.bybit.client import Access, Client

    return Client(Access(*_access(settings, keys), timeout_s), clock, log)


def _binance_client(
    settings: ExchangeSettings, keys: ApiKeys, timeout_s: float, clock: ServerClock, log: logging.Logger
) -> BinanceClient:
    _need("binance", "binance", "tenacity")
    from gridhedge.venue.binance.client import Access, Client

    return Client(Access(*_access(settings, keys), timeout_s), clock, log)


def _bitget_client(
    settings: BitgetSettings, keys: ApiKeys, timeout_s: float, clock: ServerClock, log: logging.Logger
) -> BitgetClient:
    _need("bitget", "ccxt", "websocket", "tenacity")
    from gridhedge.venue.bitget.client import Access, Client

    key, secret, passphrase = (value.reveal() if value is not None else "" for value in keys)
    return Client(
        Access(settings.demo_trading, settings.endpoint or "", key, secret, passphrase, timeout_s), clock, log
    )


def _access(settings: ExchangeSettings, keys: ApiKeys) -> tuple[bool, str, str, str, Millis]:
    """Where to go and who we are, as every client takes it."""
    return (
        settings.demo_trading,
        settings.endpoint or "",
        keys.key.reveal(),
        keys.secret.reveal(),
        settings.recv_window_ms,
    )


def _need(venue: str, *libraries: str) -> None:
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise UsageError(f"venue {venue} needs {library}; install it with: pip install 'gridhedge[{venue}]'")


def candle_source(venue: str, endpoint: str | None) -> CandleSource:
    """The public history of a venue in ``CANDLE_SOURCES``; it must be closed. Raises UsageError."""
    return CANDLE_SOURCES[venue](endpoint)


def _bybit_candles(endpoint: str | None) -> CandleSource:
    try:
        settings = BybitSettings(name="bybit", demo_trading=False, endpoint=endpoint)
    except ValueError as error:
        raise UsageError(f"--endpoint {endpoint}: write an address such as http://127.0.0.1:8701") from error
    clock = _server_clock()
    client = _bybit_client(settings, _NO_KEYS, 10.0, clock, logging.getLogger("gridhedge.candles"))
    from gridhedge.venue.bybit.candles import BybitCandles

    return BybitCandles(client, clock)


def _binance_candles(endpoint: str | None) -> CandleSource:
    try:
        settings = BinanceSettings(name="binance", demo_trading=False, endpoint=endpoint)
    except ValueError as error:
        raise UsageError(f"--endpoint {endpoint}: write an address such as http://127.0.0.1:8702") from error
    clock = _server_clock()
    client = _binance_client(settings, _NO_KEYS, 10.0, clock, logging.getLogger("gridhedge.candles"))
    from gridhedge.venue.binance.candles import BinanceCandles

    return BinanceCandles(client, clock)


CANDLE_SOURCES: Mapping[str, Callable[[str | None], CandleSource]] = {
    "bybit": _bybit_candles,
    "binance": _binance_candles,
}
"""By venue: how its public history is opened, at an endpoint or at the venue's own hosts."""


def locks_folder() -> Path:
    """One folder for all data folders of this user: two of them must not trade one symbol of one account."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "gridhedge" / "locks"


def paper_settings(profile: Profile) -> PaperSettings:
    """The venue's settings; UsageError when the profile names a venue that this version does not have."""
    if not isinstance(profile.venue, PaperSettings):
        raise UsageError(f"account {profile.account}: this command works on venue paper only so far")
    return profile.venue


def paper_file(data: Path, account: str) -> Path:
    """Where the embedded exchange of an account keeps itself."""
    return data / account / "paper_exchange.sqlite3"


def paper_exchange(profile: Profile) -> Exchange:
    """The embedded exchange as the profile describes it, new and in memory: reads feed files, writes nothing.

    Raises UsageError: a symbol that the shipped rules do not have, a feed file that can not be used.
    """
    paper = paper_settings(profile)
    listings = [_listing(paper, symbol) for symbol in profile.traded]
    return Exchange(listings, paper.balance, fill=paper.fill, liquidity=paper.liquidity)


def paper_venue(
    profile: Profile, exchange: Exchange, disk: PaperDisk | None = None, pause: Pause | None = None
) -> PaperVenue:
    """The exchange behind the engine's port. With ``disk`` every change of it is kept there."""
    return PaperVenue(exchange, latency_ms=paper_settings(profile).latency_ms, pause=pause, disk=disk)


def restored(exchange: Exchange, file: Path) -> PaperDisk:
    """Give the new exchange what ``file`` has kept of it, if it was there before; the disk that keeps it from now on.

    Must be called in the thread that will trade. Raises UsageError for other symbols than it was kept for, and
    DiskFailure: an exchange that can not be read is never begun anew by itself, because it holds the account's money.
    """
    private_directory(file.parent)
    try:
        os.close(open_private(file, os.O_RDWR | os.O_CREAT))  # SQLite alone would let everybody read it
    except OSError as error:
        raise disk_failure(file, error) from error
    try:
        disk = PaperDisk(file)
    except DiskFailure as error:
        raise _unreadable(file, error) from error
    try:
        disk.restore(exchange)
    except UsageError:
        disk.close()
        raise
    except (DiskFailure, ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError) as error:
        disk.close()
        raise _unreadable(file, error) from error
    return disk


def _unreadable(file: Path, error: Exception) -> DiskFailure:
    what = str(error) if isinstance(error, DiskFailure) else f"{file}: not understood ({type(error).__name__}: {error})"
    return DiskFailure(f"{what}; put a copy of the file back, or remove it to begin anew with the profile's balance")


def _listing(paper: PaperSettings, symbol: str) -> Listing:
    traded = instrument(paper.rules, symbol)
    settings = paper.feeds[symbol]
    funding = None
    if paper.rules != "mt5":  # a broker charges its swap
        funding = ConstantFunding(traded.funding_interval_minutes, paper.funding_rate_percent / HUNDRED)
    return listing(paper.rules, symbol, _feed(paper, symbol, settings, traded.tick_size), funding)


def _feed(paper: PaperSettings, symbol: str, settings: FeedSettings, tick_size: Decimal) -> Feed:
    if isinstance(settings, SyntheticFeedSettings):
        from gridhedge.venue.paper.synthetic import SyntheticFeed

        return SyntheticFeed(
            paper.seed + list(paper.feeds).index(symbol),  # two symbols must not move alike
            paper.start_ms,
            settings.price,
            tick_size,
            int(settings.step_seconds * 1000),
            int(settings.volatility_percent * _PPM_PER_PERCENT),
        )
    if isinstance(settings, CandleFeedSettings):
        from gridhedge.replay.candles import load_candles
        from gridhedge.venue.paper.candle_feed import CandleFeed

        candles = load_candles(settings.file)
        return CandleFeed(
            candles.times,
            candles.open,
            candles.high,
            candles.low,
            candles.close,
            candles.interval_ms,
            settings.path_order,
        )
    if isinstance(settings, TickFeedSettings):
        from gridhedge.replay.ticks import load_ticks
        from gridhedge.venue.paper.feed import TickFeed

        ticks = load_ticks(settings.file)
        return TickFeed(ticks.times.tolist(), ticks.prices.tolist())
    raise UsageError(f"{symbol}: no feed for {type(settings).__name__}")
