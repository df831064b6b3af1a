"""The hash chain that shows whether a journal is whole: each event is sealed together with the hash before it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from gridhedge.domain.events import Event
from gridhedge.domain.values import Millis
from gridhedge.store.codec import encode

__all__ = ["GENESIS", "digest", "seal"]

GENESIS = bytes(32)
"""The hash before the first event."""


def seal(previous: bytes, seq: int, at: Millis, kind: str, text: str) -> bytes:
    """The hash of event number ``seq`` (from 1), given the hash of the event before it."""
    return sha256(previous + f"{seq}\n{at}\n{kind}\n{text}".encode()).digest()


def digest(events: Iterable[Event]) -> str:
    """The hash of a whole journal, in hex: equal for equal events in equal order, on every machine."""
    previous = GENESIS
    for seq, event in enumerate(events, start=1):
        previous = seal(previous, seq, event.at, type(event).__name__, encode(event))
    return previous.hex()
