"""Delivery: signed, in order, repeated until it has arrived, and never for longer than it makes sense."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridhedge.notify.address import parse_address
from gridhedge.notify.courier import ID_HEADER, Courier
from gridhedge.notify.outbox import Letter, Outbox
from tests.notify.receiver import Receiver
from tests.patience import PATIENCE_S
from tests.ports import Port

LOG = logging.getLogger("gridhedge.account.courier-test")
NOW = int(time.time() * 1000)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path / "outbox.sqlite3")
    yield box
    box.close()


def letters(*names: str, kept: bool = True, at: int = NOW) -> list[Letter]:
    return [Letter(name, "trade_opened", f'{{"id":"{name}","event":"trade_opened"}}', kept, at) for name in names]


def courier(outbox: Outbox, receiver: Receiver, secret: str = "webhook-secret") -> Courier:
    return Courier(outbox, parse_address(receiver.url), lambda: secret, LOG, pause_s=0.01)


def test_messages_arrive_signed_and_in_order(outbox: Outbox) -> None:
    """Also one that is added while the courier sleeps; the id stands in a header, too."""
    with Receiver() as receiver:
        outbox.add(letters("a", "b"))
        at_work = courier(outbox, receiver)
        receiver.until(lambda: len(receiver.bodies) == 2)
        outbox.add(letters("c"))
        receiver.until(lambda: len(receiver.bodies) == 3)
        at_work.stop(PATIENCE_S)
        assert [body["id"] for body in receiver.bodies] == ["a", "b", "c"]
        assert [headers[ID_HEADER] for headers in receiver.headers] == ["a", "b", "c"]
        assert (receiver.unsigned, len(outbox)) == (0, 0)


def test_a_receiver_in_trouble_gets_the_message_again_before_the_next(outbox: Outbox) -> None:
    """500, 503, then 200: three times a, then b; each once after deduplication."""
    with Receiver(answers=(500, 503)) as receiver:
        outbox.add(letters("a", "b"))
        at_work = courier(outbox, receiver)
        receiver.until(lambda: len(receiver.bodies) == 4)
        at_work.stop(PATIENCE_S)
        assert [body["id"] for body in receiver.bodies] == ["a", "a", "a", "b"]
        assert [body["id"] for body in receiver.events] == ["a", "b"]


def test_a_message_that_is_refused_five_times_stands_in_nobodys_way(outbox: Outbox) -> None:
    """400 is a clear no; the ones behind it arrive."""
    with Receiver(answers=(400,) * 5) as receiver:
        outbox.add(letters("bad", "good"))
        at_work = courier(outbox, receiver)
        receiver.until(lambda: any(body["id"] == "good" for body in receiver.bodies))
        at_work.stop(PATIENCE_S)
        assert [body["id"] for body in receiver.bodies] == ["bad"] * 5 + ["good"]


def test_a_status_that_nobody_takes_is_tried_three_times(outbox: Outbox) -> None:
    """The next one says more."""
    with Receiver(answers=(500,) * 3) as receiver:
        outbox.add([*letters("status", kept=False), *letters("trade")])
        at_work = courier(outbox, receiver)
        receiver.until(lambda: len(receiver.bodies) == 4)
        at_work.stop(PATIENCE_S)
        assert [body["id"] for body in receiver.bodies] == ["status"] * 3 + ["trade"]


def test_after_a_day_a_message_is_given_up(outbox: Outbox) -> None:
    """Its receiver has other ways to learn it by then."""
    with Receiver(answers=(500,)) as receiver:
        outbox.add([*letters("old", at=NOW - 25 * 3600 * 1000), *letters("new")])
        at_work = courier(outbox, receiver)
        receiver.until(lambda: len(receiver.bodies) == 2)
        at_work.stop(PATIENCE_S)
        assert [body["id"] for body in receiver.bodies] == ["old", "new"]


def test_what_could_not_be_delivered_stays_for_the_next_start(outbox: Outbox) -> None:
    """Nobody listens; the courier ends when told, and another one delivers."""
    outbox.add(letters("a", "b"))
    with Port() as silent:
        address = parse_address(f"http://127.0.0.1:{silent.number}/")
        Courier(outbox, address, lambda: "webhook-secret", LOG, pause_s=0.01).stop(PATIENCE_S)
    assert len(outbox) == 2
    with Receiver() as receiver:
        at_work = courier(outbox, receiver)
        receiver.until(lambda: len(receiver.bodies) == 2)
        at_work.stop(PATIENCE_S)
        assert [body["id"] for body in receiver.bodies] == ["a", "b"]


def test_stopping_delivers_what_waits(outbox: Outbox) -> None:
    """Everything that was added before arrives if the receiver is well."""
    with Receiver() as receiver:
        outbox.add(letters(*"abcdefgh"))
        courier(outbox, receiver).stop(PATIENCE_S)
        assert [body["id"] for body in receiver.bodies] == list("abcdefgh")
