"""The hash chain of a journal."""

from __future__ import annotations

import hashlib

from gridhedge.domain.events import StopLifted
from gridhedge.store.chain import GENESIS, digest, seal


def test_a_seal_is_the_sha256_of_the_hash_before_and_the_row():
    """Written out by hand, so that the format can not change unseen."""
    row = b'1\n7\nStopLifted\n{"at":7,"type":"StopLifted"}'
    expected = hashlib.sha256(bytes(32) + row).digest()
    assert seal(GENESIS, 1, 7, "StopLifted", '{"at":7,"type":"StopLifted"}') == expected
    assert digest([StopLifted(7)]) == expected.hex()


def test_the_digest_depends_on_every_event_and_on_their_order(history):
    """Leaving one out, or exchanging two neighbours, gives another digest."""
    digests = {digest(history)}
    for number in range(len(history)):
        digests.add(digest(history[:number] + history[number + 1 :]))
        if number:
            digests.add(digest([*history[: number - 1], history[number], history[number - 1], *history[number + 1 :]]))
    assert len(digests) == 2 * len(history)


def test_no_events_have_the_digest_of_nothing():
    """32 zero bytes."""
    assert digest([]) == "00" * 32
