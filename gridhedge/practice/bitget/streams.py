"""The websocket side: log-in, channels, and pushes, in both generations' words."""

from __future__ import annotations

import json
from typing import Any

from starlette.websockets import WebSocket

from gridhedge.practice.bitget.answers import Answer
from gridhedge.practice.bitget.auth import check_socket
from gridhedge.practice.bitget.call import Rows
from gridhedge.practice.bitget.market import INTERVALS, candle_row, classic_ticker, unified_ticker
from gridhedge.practice.bitget.rest import Generation
from gridhedge.practice.desk import Desk, Happening
from gridhedge.practice.road import Road, Socket
from gridhedge.practice.tape import Bar
from gridhedge.practice.world import World

__all__ = ["POSITIONS", "Streams"]

_PRIVATE = {
    "v2": ("orders", "fill", "positions", "account", "orders-algo", "positions-history"),
    "v3": ("order", "fill", "position", "account", "strategy-order", "fast-fill"),
}
POSITIONS = {"v2": "positions", "v3": "position"}
_PUBLIC_PRODUCT = {"v2": "USDT-FUTURES", "v3": "usdt-futures"}


class Streams:
    """All connections. Public ones speak the version of their address, private ones the account's only."""

    def __init__(self, world: World, rows: Rows, generation: Generation) -> None:
        self._world, self._rows = world, rows
        self._generation = generation
        self._road = Road(world)
        self._arguments: dict[tuple[str, str], dict[str, Any]] = {}
        """What clients have called a topic, by socket name and topic."""
        self._tickers: dict[str, dict[str, str]] = {}
        self._bars: dict[tuple[str, str], Bar] = {}

    async def serve(self, websocket: WebSocket, channel: str) -> None:
        """Talk to one client until it goes."""
        await self._road.serve(websocket, channel, self._received)

    # ---- what clients say --------------------------------------------------------------------------------------------

    def _received(self, socket: Socket, text: str) -> None:
        if text == "ping":
            if not self._world.faults.active("silence", socket.channel):
                socket.put("pong", 0)
            return
        try:
            message = json.loads(text)
            operation, arguments = message["op"], message["args"]
        except (ValueError, KeyError, TypeError):
            self._answer(socket, {"event": "error", "code": "30003", "msg": "INVALID op"})
            return
        if operation == "login":
            self._answer(socket, self._logged_in(socket, arguments))
        elif operation in ("subscribe", "unsubscribe") and isinstance(arguments, list):
            for argument in arguments:
                self._subscribe(socket, argument, operation)
        else:
            self._answer(socket, {"event": "error", "code": "30003", "msg": f"INVALID op:{operation}"})

    def _answer(self, socket: Socket, answer: dict[str, Any]) -> None:
        if not self._world.faults.active("silence", socket.channel):
            socket.put(json.dumps({**answer, "connId": socket.name}), self._world.options.ack_delay_ms)

    def _logged_in(self, socket: Socket, arguments: object) -> dict[str, Any]:
        """The code of a success is a number, that of a failure a text."""
        if not socket.channel.startswith("private"):
            return {"event": "error", "code": "30003", "msg": "INVALID op"}
        try:
            socket.desk = check_socket(self._world.desks, arguments, self._world.clock.beside)
        except Answer as answer:
            return {"event": "error", "code": answer.code, "msg": answer.text}
        return {"event": "login", "code": 0, "msg": ""}

    def _subscribe(self, socket: Socket, argument: object, operation: str) -> None:
        topic = self._topic(socket, argument)
        if topic is None:
            text = f"instType or channel of {ascii(argument)[:60]} does not exist"
            self._answer(socket, {"event": "error", "arg": argument, "code": "30001", "msg": text})
            return
        if socket.channel.startswith("private") and socket.desk is None:
            self._answer(socket, {"event": "error", "arg": argument, "code": "30004", "msg": "User not logged in"})
            return
        self._answer(socket, {"event": operation, "arg": argument})
        if operation == "unsubscribe":
            socket.topics.discard(topic)
            return
        assert isinstance(argument, dict), "topics are objects"
        socket.topics.add(topic)
        self._arguments[socket.name, topic] = argument
        self._first(socket, topic)

    def _topic(self, socket: Socket, argument: object) -> str | None:
        """``kind`` or ``kind:SYMBOL``; None where there is no such thing on this socket."""
        if not isinstance(argument, dict):
            return None
        version = socket.channel.rpartition(" ")[2]
        kind = str(argument.get("channel" if version == "v2" else "topic"))
        if socket.channel.startswith("private"):
            right = str(argument.get("instType")) == ("USDT-FUTURES" if version == "v2" else "UTA")
            return kind if right and kind in _PRIVATE[version] else None
        symbol = str(argument.get("instId" if version == "v2" else "symbol"))
        if str(argument.get("instType")) != _PUBLIC_PRODUCT[version] or symbol not in self._world.tapes:
            return None
        if kind == "kline":
            kind = f"candle{argument.get('interval')}"
        known = kind == "ticker" or (kind.startswith("candle") and kind.removeprefix("candle") in INTERVALS)
        return f"{kind}:{symbol}" if known else None

    # ---- what they are told ------------------------------------------------------------------------------------------

    def _first(self, socket: Socket, topic: str) -> None:
        """What a new subscriber gets at once."""
        kind, _, symbol = topic.partition(":")
        if kind == "ticker":
            self._world.catch_up()
            self._push(socket, topic, [self._ticker(socket, symbol)], 0)
        elif kind.startswith("candle"):
            self._bars[kind, symbol] = bar = self._bar(kind, symbol)
            self._push(socket, topic, [self._candle(socket, bar)], 0)
        elif kind == POSITIONS[self._generation] and socket.desk is not None:
            self._push(socket, topic, self._positions(socket.desk), 0)

    def _positions(self, desk: Desk) -> list[dict[str, Any]]:
        return [row for symbol in desk.exchange.markets for row in self._rows.positions(desk, symbol)]

    def _ticker(self, socket: Socket, symbol: str) -> dict[str, Any]:
        market = self._world.first.exchange.market(symbol)
        if socket.channel.endswith("v2"):
            row = classic_ticker(self._world, market)
            return {"instId": symbol, **row, "symbolType": 1, "deliveryPrice": "0"}
        row = unified_ticker(self._world, market)
        return {name: value for name, value in row.items() if name not in ("category", "symbol", "ts")}

    def _bar(self, kind: str, symbol: str) -> Bar:
        tape = self._world.tapes[symbol]
        return tape.bars(INTERVALS[kind.removeprefix("candle")], 0, tape.at, 1)[0]

    def _candle(self, socket: Socket, bar: Bar) -> Any:
        row = candle_row(bar)
        if socket.channel.endswith("v2"):
            return [*row, row[-1]]
        names = ("start", "open", "high", "low", "close", "volume", "turnover")
        return dict(zip(names, row, strict=True))

    def flush(self) -> None:
        """Send what has happened in the accounts to those who have subscribed to it."""
        for desk in self._world.desks.values():
            told = desk.take_told()
            if told:
                sockets = [socket for socket in self._road.sockets if socket.desk is desk]
                for topic, items in _bundled(told):
                    for socket in sockets:
                        if topic in socket.topics:
                            self._push(socket, topic, items, self._world.options.push_delay_ms)

    def tick(self) -> None:
        """Tell of prices, and do what faults demand of connections."""
        symbols = {topic.partition(":")[2] for socket in self._road.sockets for topic in socket.topics if ":" in topic}
        moved = {symbol for symbol in symbols if self._has_moved(symbol)}
        news = {key: self._bar(*key) for key in self._bars}
        for socket in self._road.sockets:
            for topic in sorted(socket.topics):
                kind, _, symbol = topic.partition(":")
                if kind == "ticker" and symbol in moved:
                    self._push(socket, topic, [self._ticker(socket, symbol)], 0)
                elif (kind, symbol) in news and news[kind, symbol] != self._bars[kind, symbol]:
                    self._push(socket, topic, [self._candle(socket, news[kind, symbol])], 0, "update")
        self._bars.update(news)
        self._road.drop(sorted({socket.channel for socket in self._road.sockets}))

    def _has_moved(self, symbol: str) -> bool:
        """Prices are told about once a second also when they stand still."""
        row = classic_ticker(self._world, self._world.first.exchange.market(symbol))
        last = self._tickers.get(symbol)
        still = last is not None and all(last[name] == row[name] for name in ("lastPr", "askPr", "bidPr"))
        if still and last is not None and int(row["ts"]) - int(last["ts"]) < 1000:
            return False
        self._tickers[symbol] = row
        return True

    def _push(self, socket: Socket, topic: str, items: list[Any], delay_ms: float, action: str = "snapshot") -> None:
        message = {
            "action": action,
            "arg": self._arguments[socket.name, topic],
            "data": items,
            "ts": self._world.clock.now(),
        }
        self._road.send(socket, topic, message, delay_ms)


def _bundled(told: list[Happening]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Neighbours of one topic share a message."""
    bundles: list[tuple[str, list[dict[str, Any]]]] = []
    for topic, item in told:
        if bundles and bundles[-1][0] == topic:
            bundles[-1][1].append(item)
        else:
            bundles.append((topic, [item]))
    return bundles
