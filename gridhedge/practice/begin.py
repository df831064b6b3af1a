"""Where the time of a practice exchange begins, and how it goes on in the next process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis
from gridhedge.practice.clock import Clock
from gridhedge.practice.notes import Notes
from gridhedge.practice.prices import Prices

__all__ = ["begin_of"]

_NEAR_MS: Millis = 2 * 86_400_000
_ANOTHER_DAY: Millis = 1_736_121_600_000
"""2025-01-06, UTC: where clients are told the time of seeded prices, these begin then."""


def begin_of(notes: Notes, clock: Clock, prices: Sequence[Prices], folder: Path | None) -> Millis:
    """When the data begins. ``clock`` gets the pieces that earlier processes have lived, by their ``notes``.

    Raises UsageError where those were other prices, or another speed, and where clients would be told a time so near
    to the present that it looks like a clock that is wrong.
    """
    sources = [f"{each.symbol}: {each.source}" for each in prices]
    kept = notes.kept()
    first = next(kept, None)
    if first is None:
        begin = max((each.begin for each in prices if each.begin is not None), default=None)
        if begin is None:
            begin = _ANOTHER_DAY if clock.tells_exchange_time else clock.now()
        if clock.tells_exchange_time and abs(clock.now() - begin) < _NEAR_MS:
            raise UsageError(
                "--time data: the prices begin within two days of now, and such a time would be taken for a clock that "
                "is wrong; choose an earlier --start, or leave --time data out"
            )
        notes.write({"begin": begin, "prices": sources})
        return begin
    if first["prices"] != sources:
        raise UsageError(
            f"{folder} keeps a practice exchange on other prices ({', '.join(first['prices'])}): "
            "give it the same data and seed, or another --data-dir"
        )
    for note in kept:
        wall, at, speed = note["clock"]
        clock.pieces.append((wall, at))
        if speed != clock.speed:
            raise UsageError(f"{folder} has run with --speed {speed}: use the same, or another --data-dir")
    return int(first["begin"])
