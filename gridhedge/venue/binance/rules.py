"""What Binance allows on each symbol and what it costs, as it is now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gridhedge.domain.errors import Refused
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.values import Millis
from gridhedge.venue.binance import parse
from gridhedge.venue.binance.band import Band
from gridhedge.venue.binance.client import Client
from gridhedge.venue.binance.fields import number, table
from gridhedge.venue.fields import Malformed, Row, row, rows, word

__all__ = ["Rules", "only"]

_FUNDING_MINUTES = 480
_LISTING_MS = 60_000


class Rules:
    """Belongs to the session's thread."""

    def __init__(self, client: Client, local: Callable[[], Millis]) -> None:
        self._client = client
        self._local = local
        self._listing: tuple[Millis, dict[str, Row]] = (0, {})
        self.bands: dict[str, Band | None] = {}
        """Of the symbols whose rules have been asked for."""

    def instrument(self, symbol: str) -> Instrument:
        """Filters and leverage brackets. Raises VenueError; Refused for a symbol that can not be traded here."""
        item = self._listed(symbol)
        self.bands[symbol] = parse.band(item)
        brackets = self._client.read("futures_leverage_bracket", symbol=symbol).body
        return parse.instrument(item, parse.tiers(brackets, symbol), self._funding_minutes(symbol))

    def fees(self, symbol: str) -> Fees:
        """The account's own rates. Raises VenueError."""
        answer = self._client.read("futures_commission_rate", symbol=symbol)
        return parse.fees(only(symbol, answer.body))

    def asset(self, symbols: Sequence[str]) -> str:
        """The currency that margins all of them. Raises Refused where there are two: they would not share a wallet."""
        assets = {word(self._listed(symbol), "marginAsset") for symbol in symbols}
        if len(assets) != 1:
            both = " and ".join(sorted(assets))
            raise Refused(f"the symbols are margined in {both}; give each currency a profile of its own")
        return assets.pop()

    def _listed(self, symbol: str) -> Row:
        """A symbol's row of ``exchangeInfo``, which is long and the same for all symbols: it is kept for a minute."""
        read_at, listing = self._listing
        if symbol not in listing or self._local() - read_at > _LISTING_MS:
            body = row(self._client.read("futures_exchange_info").body, "exchange")
            listing = {str(item.get("symbol")): item for item in rows(body, "symbols")}
            self._listing = self._local(), listing
        if symbol not in listing:
            raise Refused(f"{symbol} is not listed at Binance; correct the symbol")
        return listing[symbol]

    def _funding_minutes(self, symbol: str) -> int:
        """The time between two charges: eight hours, unless the symbol is listed among the exceptions."""
        for item in table(self._client.read("futures_v1_get_funding_info").body, "funding intervals"):
            if item.get("symbol") == symbol:
                return int(number(item, "fundingIntervalHours")) * 60
        return _FUNDING_MINUTES


def only(symbol: str, body: object) -> Row:
    """An answer that must be about this symbol."""
    item = row(body, "answer")
    if item.get("symbol") != symbol:
        raise Malformed(f"{symbol} was asked for and {ascii(item.get('symbol'))[:40]} came")
    return item
