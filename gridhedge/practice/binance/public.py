"""Price streams: touch, mark price, candles, trades, tickers and depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from gridhedge.practice.binance.answers import plain
from gridhedge.practice.binance.market import INTERVALS, book_sides, ticker, touch
from gridhedge.practice.tape import Bar, Print
from gridhedge.practice.world import World
from gridhedge.venue.paper.market import Market

__all__ = ["PublicStreams", "category"]

Message: TypeAlias = dict[str, Any]
_STILL_MS = 1_000
"""A stream whose content stays the same is told again so often: a real market never stands still."""
_CONTINUOUS = "_perpetual@continuousKline_"
_DEPTHS = (5, 10, 20)
_MINI = {"c": "lastPrice", "o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume", "q": "quoteVolume"}
_WHOLE = {
    "p": "priceChange",
    "P": "priceChangePercent",
    "w": "weightedAvgPrice",
    "Q": "lastQty",
    "O": "openTime",
    "C": "closeTime",
    "F": "firstId",
    "L": "lastId",
    "n": "count",
}
"""Letters of the two tickers; the whole one has those of the small one as well."""
_PUBLIC = ("bookTicker", "depth", "trade")
_MARKET = ("aggTrade", "markPrice", "kline_", "ticker", "miniTicker")


class _Stream(NamedTuple):
    """A stream's name, taken apart."""

    symbol: str
    kind: str
    argument: str


def category(name: str) -> str:
    """The address under which a stream delivers; empty if there is no such stream."""
    kind = name.partition("@")[2]
    if _CONTINUOUS in name or kind.startswith(_MARKET):
        return "market"
    return "public" if kind.startswith(_PUBLIC) else ""


class PublicStreams:
    """Remembers what was told last, by stream. A stream is followed once somebody has asked for it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._told: dict[str, tuple[Any, int]] = {}
        """Content and time of what was told last."""
        self._bars: dict[str, Bar] = {}
        self._printed: dict[str, int] = {}
        self._updates = world.clock.now()
        self._kinds: Mapping[str, Callable[[str, _Stream], list[Message]]] = {
            "bookTicker": self._touch,
            "markPrice": self._mark,
            "ticker": self._ticker,
            "miniTicker": self._ticker,
            "depth": self._depth,
            "kline": self._candles,
            "continuousKline": self._candles,
            "aggTrade": self._trades,
            "trade": self._trades,
        }

    def knows(self, name: str) -> bool:
        return self._parts(name) is not None

    def _parts(self, name: str) -> _Stream | None:
        if _CONTINUOUS in name:
            symbol, _, interval = name.partition(_CONTINUOUS)
            kind, argument, right = "continuousKline", interval, interval in INTERVALS
        else:
            symbol, _, rest = name.partition("@")
            kind, argument, right = _kind(rest)
        symbol = symbol.upper()
        return _Stream(symbol, kind, argument) if right and symbol in self._world.tapes else None

    def news(self, name: str) -> list[Message]:
        """What a stream has to tell now; the first time, everything."""
        parts = self._parts(name)
        return [] if parts is None else self._kinds[parts.kind](name, parts)

    def forget(self, name: str) -> None:
        """A new subscriber is told what there is."""
        self._told.pop(name, None)

    def _market(self, symbol: str) -> Market:
        return self._world.first.exchange.market(symbol)

    def _is_due(self, name: str, content: Any, every_ms: int = _STILL_MS, at_once: bool = True) -> bool:
        """Whether to tell a content: when it is new (``at_once``), and when the last time is long ago."""
        now = self._world.clock.now()
        told = self._told.get(name)
        due = told is None or now - told[1] >= every_ms or (at_once and told[0] != content)
        if due:
            self._told[name] = content, now
        return due

    def _event(self, kind: str, **fields: Any) -> Message:
        return {"e": kind, "E": self._world.clock.now(), **fields}

    # ---- kinds -------------------------------------------------------------------------------------------------------

    def _touch(self, name: str, parts: _Stream) -> list[Message]:
        best = touch(self._market(parts.symbol))
        if not self._is_due(name, best):
            return []
        self._updates += 1
        letters = {"b": best["bidPrice"], "B": best["bidQty"], "a": best["askPrice"], "A": best["askQty"]}
        now = self._world.clock.now()
        return [self._event("bookTicker", u=self._updates, T=now, s=parts.symbol, **letters)]

    def _mark(self, name: str, parts: _Stream) -> list[Message]:
        """Every second or every three, whether it has changed or not."""
        if not self._is_due(name, None, 1_000 if parts.argument == "1s" else 3_000, at_once=False):
            return []
        market = self._market(parts.symbol)
        at, price = market.next_funding, f"{market.price:.8f}"
        rate = "" if at is None else f"{market.funding.rate(at):.8f}"
        following = 0 if at is None else self._world.clock.shown(at)
        letters = {"p": price, "ap": price, "i": price, "P": price, "r": rate, "T": following}
        return [self._event("markPriceUpdate", s=parts.symbol, **letters)]

    def _ticker(self, name: str, parts: _Stream) -> list[Message]:
        row = ticker(self._world, self._market(parts.symbol))
        if not self._is_due(name, row["lastPrice"]):
            return []
        letters = {letter: row[field] for letter, field in _MINI.items()}
        if parts.kind == "miniTicker":
            return [self._event("24hrMiniTicker", s=parts.symbol, **letters)]
        letters |= {letter: row[field] for letter, field in _WHOLE.items()}
        return [self._event("24hrTicker", s=parts.symbol, **letters)]

    def _depth(self, name: str, parts: _Stream) -> list[Message]:
        """Always whole: the book moves as one piece."""
        sides = book_sides(self._market(parts.symbol), int(parts.argument or _DEPTHS[-1]))
        if not self._is_due(name, sides):
            return []
        before, self._updates = self._updates, self._updates + 1
        letters = {"U": self._updates, "u": self._updates, "pu": before, "b": sides["bids"], "a": sides["asks"]}
        return [self._event("depthUpdate", T=self._world.clock.now(), s=parts.symbol, **letters)]

    def _candles(self, name: str, parts: _Stream) -> list[Message]:
        """The candle that forms, and before it those that have closed since the last time."""
        tape, interval = self._world.tapes[parts.symbol], INTERVALS[parts.argument]
        last = self._bars.get(name)
        bars = tape.bars(interval, 0 if last is None else last.start, tape.at, 1 if last is None else 1000)
        *closed, forming = reversed(bars)
        told = [self._candle(parts, bar, True) for bar in closed]
        if self._is_due(name, forming):
            told.append(self._candle(parts, forming, False))
        self._bars[name] = forming
        return told

    def _candle(self, parts: _Stream, bar: Bar, closed: bool) -> Message:
        interval = INTERVALS[parts.argument]
        figures = {"o": bar.open, "c": bar.close, "h": bar.high, "l": bar.low, "v": bar.volume}
        turnover = plain(bar.volume * bar.close)
        candle = {
            "t": bar.start,
            "T": bar.start + interval - 1,
            "i": parts.argument,
            "f": -1,
            "L": -1,
            **{letter: plain(figure) for letter, figure in figures.items()},
            "n": 1,
            "x": closed,
            "q": turnover,
            "V": plain(bar.volume / 2),
            "Q": plain(bar.volume * bar.close / 2),
            "B": "0",
        }
        if parts.kind == "continuousKline":
            return self._event("continuous_kline", ps=parts.symbol, ct="PERPETUAL", k=candle)
        return self._event("kline", s=parts.symbol, k={**candle, "s": parts.symbol})

    def _trades(self, name: str, parts: _Stream) -> list[Message]:
        tape = self._world.tapes[parts.symbol]
        last = self._printed.setdefault(name, tape.printed)
        new = [printed for printed in tape.prints if printed.number > last]
        self._printed[name] = tape.printed
        return [self._trade(parts, printed) for printed in new]

    def _trade(self, parts: _Stream, printed: Print) -> Message:
        size = plain(self._market(parts.symbol).instrument.min_quantity)
        at, maker = self._world.clock.shown(printed.at), not printed.rises
        letters = {"s": parts.symbol, "p": plain(printed.price), "q": size, "T": at, "m": maker}
        if parts.kind == "trade":
            return self._event("trade", t=printed.number, **letters)
        return self._event("aggTrade", a=printed.number, nq=size, f=printed.number, l=printed.number, **letters)


def _kind(rest: str) -> tuple[str, str, bool]:
    """Kind and argument of what stands behind the ``@``, and whether there is such a stream."""
    if rest.startswith("kline_"):
        interval = rest.removeprefix("kline_")
        return "kline", interval, interval in INTERVALS
    kind, _, argument = rest.partition("@")
    if kind.startswith("depth"):
        levels = kind.removeprefix("depth")
        return "depth", levels, levels == "" or levels in map(str, _DEPTHS)
    plain_kinds = ("bookTicker", "aggTrade", "trade", "ticker", "miniTicker")
    return kind, argument, kind in plain_kinds or (kind == "markPrice" and argument in ("", "1s"))
