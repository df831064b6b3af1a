"""A reference run dies at every place at which it can die, one after the other, and recovers within three ticks.

About 200 points by default, spread evenly; ``GRIDHEDGE_CRASHES=all`` for all of them.
"""

from __future__ import annotations

import os

import pytest

from gridhedge.simulate.crashes import crash_points, crashed

REFERENCES = (12, 26)
"""Seeds of lively worlds: one whose venue can amend, and one whose venue can not."""
EVERY = 1 if os.environ.get("GRIDHEDGE_CRASHES") == "all" else 25


@pytest.mark.parametrize("seed", REFERENCES)
def test_every_crash_recovers_within_three_ticks(seed: int) -> None:
    """Before a write, torn at eight cuts, written and not synced, synced and not sent, sent without an answer."""
    points = crash_points(seed)
    chosen = points[::EVERY]
    failed = [crash for crash in (crashed(seed, point) for point in chosen) if crash.violation is not None]
    assert failed == []
    assert len(chosen) >= 100


@pytest.mark.parametrize("seed", REFERENCES)
def test_a_reference_run_has_thousands_of_places_to_die_at(seed: int) -> None:
    """At least 200 journal writes; every kind of place occurs."""
    points = crash_points(seed)
    assert len(points) >= 2500
    assert {point.place for point in points} == {"append", "sync", "send", "sent", "read"}
    assert sum(point.place == "append" and point.cut is None for point in points) >= 200
