"""Public topics: tickers as snapshot and deltas, candles, trades and the top of the book."""

from __future__ import annotations

from typing import Any, TypeAlias

from gridhedge.practice.bybit.answers import plain
from gridhedge.practice.bybit.market import INTERVALS, book_rows, ticker
from gridhedge.practice.tape import Bar, Print
from gridhedge.practice.world import World

__all__ = ["PublicTopics"]

Message: TypeAlias = dict[str, Any]
_DEPTHS = (1, 50, 200, 500, 1000)
_MOST_LEVELS = 50


class PublicTopics:
    """Remembers what was told last, so that only changes are told. A topic is followed once somebody has asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tickers: dict[str, dict[str, str]] = {}
        self._bars: dict[str, Bar] = {}
        self._books: dict[str, Message] = {}
        self._printed: dict[str, int] = {}
        self._counter = 0

    def knows(self, topic: str) -> bool:
        return self._parts(topic) is not None

    def _parts(self, topic: str) -> tuple[str, str, str] | None:
        """Kind, argument and symbol of a topic; None if there is no such topic."""
        kind, _, rest = topic.partition(".")
        argument, _, symbol = rest.rpartition(".")
        right = {
            "tickers": argument == "",
            "publicTrade": argument == "",
            "kline": argument in INTERVALS,
            "orderbook": argument in map(str, _DEPTHS),
        }.get(kind, False)
        return (kind, argument, symbol) if right and symbol in self._world.tapes else None

    def first(self, topic: str) -> list[Message]:
        """What a new subscriber gets at once."""
        parts = self._parts(topic)
        assert parts is not None, "only known topics are subscribed to"
        kind, argument, symbol = parts
        if kind == "tickers":
            if symbol not in self._tickers:
                self._tickers[symbol] = self._ticker(symbol)
            return [self._stamped(topic, "snapshot", self._tickers[symbol], "cs")]
        if kind == "orderbook":
            self._books[topic] = self._book(argument, symbol)
            return [self._stamped(topic, "snapshot", self._books[topic])]
        if kind == "kline":
            self._bars[topic] = self._bar(argument, symbol)
            return [self._candle(topic, argument, self._bars[topic], False)]
        self._printed.setdefault(topic, self._world.tapes[symbol].printed)
        return []

    def changes(self) -> list[tuple[str, Message]]:
        """Topics that have something new to tell."""
        return [*self._new_tickers(), *self._new_books(), *self._new_bars(), *self._new_trades()]

    def _stamped(self, topic: str, kind: str, data: Any, counter: str = "") -> Message:
        self._counter += 1
        message = {"topic": topic, "type": kind, "data": data, "ts": self._world.clock.now()}
        return message | {counter: self._counter} if counter else message

    # ---- tickers -----------------------------------------------------------------------------------------------------

    def _ticker(self, symbol: str) -> dict[str, str]:
        return ticker(self._world, self._world.first.exchange.market(symbol))

    def _new_tickers(self) -> list[tuple[str, Message]]:
        told = []
        for symbol, last in self._tickers.items():
            now = self._ticker(symbol)
            changed = {name: value for name, value in now.items() if last[name] != value}
            if changed:
                self._tickers[symbol] = now
                topic = f"tickers.{symbol}"
                told.append((topic, self._stamped(topic, "delta", {"symbol": symbol, **changed}, "cs")))
        return told

    # ---- the book ----------------------------------------------------------------------------------------------------

    def _book(self, argument: str, symbol: str) -> Message:
        return book_rows(self._world.first.exchange.market(symbol), min(int(argument), _MOST_LEVELS))

    def _new_books(self) -> list[tuple[str, Message]]:
        """Always whole: the book moves as one piece."""
        told = []
        for topic, last in self._books.items():
            _, argument, symbol = topic.split(".")
            now = self._book(argument, symbol)
            if now != last:
                self._books[topic] = now
                data = {**now, "u": self._counter, "seq": self._counter}
                told.append((topic, self._stamped(topic, "snapshot", data)))
        return told

    # ---- candles -----------------------------------------------------------------------------------------------------

    def _bar(self, argument: str, symbol: str) -> Bar:
        tape = self._world.tapes[symbol]
        return tape.bars(INTERVALS[argument], 0, tape.at, 1)[0]

    def _new_bars(self) -> list[tuple[str, Message]]:
        """The candle that forms, and before it those that have closed since the last time."""
        told = []
        for topic, last in self._bars.items():
            _, argument, symbol = topic.split(".")
            tape = self._world.tapes[symbol]
            bars = tape.bars(INTERVALS[argument], last.start, tape.at, 1000)
            *closed, forming = reversed(bars)
            told += [(topic, self._candle(topic, argument, bar, True)) for bar in closed]
            if forming != last:
                told.append((topic, self._candle(topic, argument, forming, False)))
            self._bars[topic] = forming
        return told

    def _candle(self, topic: str, argument: str, bar: Bar, confirm: bool) -> Message:
        row = {
            "start": bar.start,
            "end": bar.start + INTERVALS[argument] - 1,
            "interval": argument,
            "open": plain(bar.open),
            "close": plain(bar.close),
            "high": plain(bar.high),
            "low": plain(bar.low),
            "volume": plain(bar.volume),
            "turnover": plain(bar.volume * bar.close),
            "confirm": confirm,
            "timestamp": self._world.clock.now(),
        }
        return self._stamped(topic, "snapshot", [row])

    # ---- trades ------------------------------------------------------------------------------------------------------

    def _new_trades(self) -> list[tuple[str, Message]]:
        told = []
        for topic, last in self._printed.items():
            symbol = topic.rpartition(".")[2]
            tape = self._world.tapes[symbol]
            new = [printed for printed in tape.prints if printed.number > last]
            if new:
                self._printed[topic] = tape.printed
                rows = [self._trade(symbol, printed) for printed in new]
                told.append((topic, self._stamped(topic, "snapshot", rows)))
        return told

    def _trade(self, symbol: str, printed: Print) -> dict[str, Any]:
        rules = self._world.first.exchange.market(symbol).instrument
        return {
            "T": self._world.clock.shown(printed.at),
            "s": symbol,
            "S": "Buy" if printed.rises else "Sell",
            "v": plain(rules.min_quantity),
            "p": plain(printed.price),
            "L": "PlusTick" if printed.rises else "MinusTick",
            "i": f"{symbol}-{printed.number}",
            "BT": False,
        }
