"""Price streams that the accounts of a process share: a symbol's prices come once, whoever trades on them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gridhedge.domain.events import MarketSeen
from gridhedge.domain.values import Millis
from gridhedge.venue.clock import monotonic_ms
from gridhedge.venue.keeper import Changed, Keeper, Open, Pace

__all__ = ["Listener", "PriceSource", "PriceStream", "PriceStreams"]


class Listener(NamedTuple):
    """An account's ear. Both functions are called from threads of the streams, and must return at once."""

    symbols: frozenset[str]
    tell: Callable[[MarketSeen], None]
    changed: Changed


class PriceSource(NamedTuple):
    """How a venue tells the prices of some symbols over one websocket."""

    topics: tuple[str, ...]
    open_wire: Open
    read: Callable[[object], MarketSeen | None]
    """The whole picture after a message, None where it brings none. Never raises; called by one thread at a time."""


class PriceStream:
    """One websocket and who listens to it. What has been told before is told again to those who come late."""

    def __init__(
        self, symbols: Sequence[str], source: PriceSource, pace: Pace, local: Callable[[], Millis], log: logging.Logger
    ) -> None:
        self.symbols = tuple(symbols)
        self.name = f"public stream of {', '.join(symbols)}"
        self._read = source.read
        self._pictures: dict[str, MarketSeen] = {}
        """The last of each symbol; none of before a stream that is down."""
        self._down = ""
        """Why it is down; empty while it is up."""
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        """Nobody is told anything twice, in another order, or after having left."""
        self._keeper = Keeper(
            self.name, source.topics, source.open_wire, self._take, _ignore, self._changed, local, pace, log
        )

    def start(self) -> None:
        """Raises NotSent when it can not be opened."""
        self._keeper.start()

    def silence(self) -> Millis:
        """How long nothing has come."""
        return self._keeper.silence()

    def join(self, listener: Listener) -> None:
        """Tell ``listener`` where things stand, and from now on what happens."""
        with self._lock:
            if self._down:
                listener.changed(self.name, False, self._down)
            for symbol in listener.symbols & self._pictures.keys():
                listener.tell(self._pictures[symbol])
            self._listeners.append(listener)

    def leave(self, listener: Listener) -> bool:
        """Whether anybody is left."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
            return bool(self._listeners)

    def close(self) -> None:
        self._keeper.close()

    # ---- called by the stream's threads ------------------------------------------------------------------------------

    def _take(self, message: object) -> None:
        with self._lock:
            seen = self._read(message)
            if seen is None:
                return
            self._pictures[seen.symbol] = seen
            for listener in self._listeners:
                if seen.symbol in listener.symbols:
                    listener.tell(seen)

    def _changed(self, name: str, up: bool, why: str) -> None:
        with self._lock:
            self._down = "" if up else why
            if not up:
                self._pictures.clear()
            for listener in self._listeners:
                listener.changed(name, up, why)


class PriceStreams:
    """The streams at one address: an account joins those that tell its symbols, and one is opened for the symbols that
    nobody has listened to yet. The last who leaves a stream closes it."""

    def __init__(
        self,
        source: Callable[[Sequence[str]], PriceSource],
        pace: Pace,
        log: logging.Logger,
        local: Callable[[], Millis] = monotonic_ms,
    ) -> None:
        self._source = source
        self._pace = pace
        self._log = log
        self._local = local
        self._streams: dict[str, PriceStream] = {}
        """By symbol."""
        self._door = threading.Lock()

    def join(self, listener: Listener) -> list[PriceStream]:
        """The streams that tell ``listener`` from now on. Raises NotSent, and none of them does."""
        with self._door:
            missing = sorted(listener.symbols - self._streams.keys())
            if missing:
                stream = PriceStream(missing, self._source(missing), self._pace, self._local, self._log)
                stream.start()
                self._streams.update(dict.fromkeys(missing, stream))
            joined = [stream for stream in self._open() if not listener.symbols.isdisjoint(stream.symbols)]
            for stream in joined:
                stream.join(listener)
        return joined

    def leave(self, listener: Listener) -> None:
        """Does nothing for one that has not joined."""
        with self._door:
            deserted = [stream for stream in self._open() if not stream.leave(listener)]
            for stream in deserted:
                for symbol in stream.symbols:
                    del self._streams[symbol]
        for stream in deserted:
            stream.close()  # may take seconds, in which others may join one of their own

    def _open(self) -> list[PriceStream]:
        return list(dict.fromkeys(self._streams.values()))


def _ignore(text: str) -> None:
    """A message that was no JSON: the next one is near."""
