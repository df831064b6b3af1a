"""Websockets, spoken to without a client library."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal as D
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from gridhedge.domain.values import Side
from gridhedge.practice.bybit.auth import signature
from gridhedge.practice.bybit.server import Handle
from gridhedge.practice.world import World
from tests.patience import PATIENCE_S, until
from tests.practice.bybit.venues import serving

PRIVATE, PUBLIC = "/v5/private", "/v5/public/linear"


@pytest.fixture(scope="module")
def shared() -> Iterator[Handle]:
    with serving() as handle:
        yield handle


@pytest.fixture
def venue(shared: Handle) -> Iterator[Handle]:
    shared.faults.clear()
    yield shared
    shared.faults.clear()


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(socket.recv(timeout=PATIENCE_S))
    return message


def log_in(socket: ClientConnection, secret: str = "practice") -> dict[str, Any]:
    expires = int(time.time() * 1000) + 10_000
    say(socket, op="auth", args=["practice", expires, signature(secret, f"GET/realtime{expires}".encode())])
    return hear(socket)


@contextmanager
def private(venue: Handle, *topics: str) -> Iterator[ClientConnection]:
    """A socket that has logged in and subscribed."""
    with connect(venue.ws_url + PRIVATE) as socket:
        assert log_in(socket)["success"] is True
        say(socket, op="subscribe", args=list(topics), req_id="r1")
        assert hear(socket)["success"] is True
        yield socket


def buy(venue: Handle, count: int = 1) -> None:
    """So many market orders in one turn of the exchange's loop."""

    def place(world: World) -> None:
        for _ in range(count):
            world.first.exchange.place("DOGEUSDT", "", Side.LONG, False, D(0), D(100), market=True)

    venue.do(place)


def test_pongs_look_different_on_the_two_channels(venue: Handle) -> None:
    """The name of the request comes back as it was: text or number."""
    with connect(venue.ws_url + PUBLIC) as public, connect(venue.ws_url + PRIVATE) as own:
        say(public, op="ping", req_id=7)
        pong = hear(public)
        assert (pong["op"], pong["ret_msg"], pong["success"], pong["req_id"]) == ("ping", "pong", True, 7)
        say(own, op="ping", req_id="x")
        pong = hear(own)
        assert (pong["op"], pong["req_id"], pong["args"][0].isdecimal()) == ("pong", "x", True)


def test_only_who_has_logged_in_hears_of_an_account(venue: Handle) -> None:
    """A wrong signature is said, and a subscription without login is refused."""
    with connect(venue.ws_url + PRIVATE) as socket:
        say(socket, op="subscribe", args=["order"], req_id=1)
        answer = hear(socket)
        assert (answer["success"], answer["req_id"]) == (False, 1)
        assert log_in(socket, secret="wrong")["success"] is False
        assert log_in(socket)["success"] is True
        say(socket, op="subscribe", args=["order", "nothing"])
        assert hear(socket)["ret_msg"] == "error:handler not found,topic:nothing"


def test_an_order_is_told_on_every_topic_that_was_asked_for(venue: Handle) -> None:
    """Order new, order filled, execution, position, wallet; categorised topics under their own name."""
    with private(venue, "order.linear", "execution.linear", "position", "wallet", "execution.fast") as socket:
        buy(venue)
        heard = [hear(socket) for _ in range(5)]
        assert [message["topic"] for message in heard] == [
            "order.linear",
            "execution.linear",
            "execution.fast",
            "position",
            "wallet",
        ]
        assert [item["orderStatus"] for item in heard[0]["data"]] == ["New", "Filled"]
        assert [item["positionIdx"] for item in heard[3]["data"]] == [1, 2]


def test_a_topic_and_its_category_are_not_asked_for_together(venue: Handle) -> None:
    """In one request; in two they are."""
    with connect(venue.ws_url + PRIVATE) as socket:
        log_in(socket)
        say(socket, op="subscribe", args=["order", "order.linear"])
        assert hear(socket)["success"] is False
        for topic in ("order", "order.linear"):
            say(socket, op="subscribe", args=[topic])
            assert hear(socket)["success"] is True


def test_who_unsubscribes_hears_no_more(venue: Handle) -> None:
    """The next thing heard is the answer to a ping."""
    with private(venue, "order") as socket:
        say(socket, op="unsubscribe", args=["order"])
        assert hear(socket)["op"] == "unsubscribe"
        buy(venue)
        say(socket, op="ping")
        assert hear(socket)["op"] == "pong"


def test_nonsense_is_answered_and_the_socket_stays(venue: Handle) -> None:
    """Text that is no JSON, JSON that is no object, operations that do not exist."""
    with connect(venue.ws_url + PRIVATE) as socket:
        for text in ("{", "[]", '{"op":"dance"}', '{"op":"subscribe","args":"order"}', "{}"):
            socket.send(text)
            assert hear(socket)["success"] is False
        say(socket, op="ping")
        assert hear(socket)["op"] == "pong"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("", [1, 2, 3]), ("lose", [2, 3]), ("duplicate", [1, 1, 2, 3]), ("reorder", [2, 1, 3]), ("delay", [2, 3, 1])],
)
def test_messages_may_be_lost_doubled_late_or_out_of_order(venue: Handle, kind: str, expected: list[int]) -> None:
    """The first of three executions is struck; the numbers are those of their sequence."""
    with private(venue, "execution") as socket:
        first = venue.do(lambda world: len(world.first.books.entries))
        if kind:
            venue.faults.add(kind, on="execution", seconds=0.5)
        buy(venue, 3)
        heard = [hear(socket)["data"][0]["seq"] - first for _ in expected]
        assert heard == expected


def test_a_frame_may_be_broken(venue: Handle) -> None:
    """Half of it arrives."""
    with private(venue, "order") as socket:
        venue.faults.add("broken_frame", on="order")
        buy(venue)
        text = socket.recv(timeout=PATIENCE_S)
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)


def test_sockets_are_closed_and_refused_on_demand(venue: Handle) -> None:
    """A going-away frame, then no new connection while it lasts."""
    with private(venue, "order") as socket:
        venue.faults.add("refuse_sockets", on="private", seconds=3600.0)
        venue.faults.add("drop", on="private")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PATIENCE_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
    with pytest.raises(InvalidStatus):
        connect(venue.ws_url + PRIVATE)
    with connect(venue.ws_url + PUBLIC):
        venue.faults.clear("refuse_sockets")
    with connect(venue.ws_url + PRIVATE):
        pass


def test_silence_swallows_everything_and_ends(venue: Handle) -> None:
    """Executions of that time are not told later: whoever was deaf must ask."""
    with private(venue, "execution") as socket:
        venue.faults.add("silence", on="private", seconds=3600.0)
        say(socket, op="ping")
        buy(venue)
        until(lambda: venue.faults.struck["silence"] >= 2)
        venue.faults.clear("silence")
        before = venue.do(lambda world: len(world.first.books.entries))
        buy(venue)
        assert hear(socket)["data"][0]["seq"] == before + 1


def test_what_is_subscribed_to_while_the_answer_is_under_way_is_not_missed(venue: Handle) -> None:
    """The answer takes its time; what happens meanwhile waits behind it."""
    with connect(venue.ws_url + PRIVATE) as socket:
        log_in(socket)
        say(socket, op="subscribe", args=["execution"])
        for _ in range(10):  # turns of the loop in which the frame, which lies there already, is read
            venue.do(lambda world: None)
        buy(venue)
        assert [hear(socket).get("op"), hear(socket).get("topic")] == ["subscribe", "execution"]
