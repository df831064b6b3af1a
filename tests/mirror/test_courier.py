"""The outbox loses nothing and keeps the order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gridhedge.mirror.courier import OUTBOX, Courier, enqueue, waiting
from gridhedge.mirror.tables import open_tables, transaction
from tests.mirror.centers import Center, position
from tests.patience import until


class Post:
    """A courier over a file of its own, and what it has said and delivered."""

    def __init__(self, folder: Path, center: Center) -> None:
        self.file = folder / "outbox.sqlite3"
        self.tables = open_tables(self.file, OUTBOX)
        self.said: list[str] = []
        self.delivered: list[tuple[str, dict[str, Any]]] = []
        seen = {"kind": "client", "account": 501234}
        self.courier = Courier(
            self.file, center.link(), lambda: seen, self.said.append,
            lambda path, message, waited: self.delivered.append((path, message)),
        )  # fmt: skip

    def put(self, *tickets: int) -> None:
        for ticket in tickets:
            with transaction(self.tables):
                enqueue(self.tables, "/new_position/", position(ticket).message(), 0)
        self.courier.wake()

    def stop(self) -> None:
        self.courier.stop()
        self.tables.close()


def test_messages_wait_while_the_center_is_away_and_go_out_in_order(tmp_path: Path, center: Center) -> None:
    """Said when it is lost and when it is found."""
    center.stop()
    post = Post(tmp_path, center)
    post.put(5, 3, 4)
    post.courier.start()
    until(lambda: bool(post.said))
    assert "can not be reached" in post.said[0]
    assert "3 messages wait on disk" in post.said[0]
    center.start()
    until(lambda: waiting(post.tables) == 0)
    link = center.link()
    assert [row["ticket"] for row in link.get("/all_positions/")] == [5, 3, 4]
    link.close()
    assert any("the center is back after" in text for text in post.said)
    assert [message["ticket"] for _, message in post.delivered] == [5, 3, 4]
    post.stop()


def test_what_the_center_refuses_is_set_aside_and_holds_up_nobody(tmp_path: Path, center: Center) -> None:
    """It is kept with the reason."""
    post = Post(tmp_path, center)
    with transaction(post.tables):
        enqueue(post.tables, "/closed_position/", {"account": 1, "ticket": 2}, 0)
    post.put(7)
    post.courier.start()
    until(lambda: len(post.delivered) == 1)
    ((path, why),) = [tuple(row) for row in post.tables.execute("SELECT path, why FROM set_aside")]
    assert path == "/closed_position/"
    assert "no position 2 of account 1 is known" in why
    post.stop()


def test_a_program_says_that_it_is_alive(tmp_path: Path, center: Center) -> None:
    """Also when there is nothing to tell."""
    post = Post(tmp_path, center)
    post.courier.start()
    link = center.link()
    until(lambda: bool(link.get("/status/")["programs"]))
    link.close()
    post.stop()
