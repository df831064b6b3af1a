"""One trial is what a backtest of the same profile is, wherever it is worked out."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.replay.recorded import load_recorded, measured
from gridhedge.replay.run import replay
from gridhedge.replay.trial import Task, digests, run_task
from tests.replay.searching import field


def task(folder: Path) -> Task:
    found = field(folder)
    return Task(found.ground, *found.windows["search"], found.space.profile((1, 0)), {}, None)


def test_a_trial_is_a_whole_replay(tmp_path: Path) -> None:
    """The same figures as replay and measure give, under the same names."""
    one = task(tmp_path)
    outcome = run_task(one)
    recorded = load_recorded(("DOGEUSDT",), one.ground.source)
    told = measured(replay(one.profile, recorded.candles), recorded.candles).to_json()
    assert outcome.figures is not None
    assert outcome.figures.fills > 4
    assert outcome.to_json().items() <= told.items()


def test_other_candles_under_the_same_name_are_refused(tmp_path: Path) -> None:
    """A worker of a cluster reads its own disk: what lies there must be what the search means."""
    one = task(tmp_path)
    file = one.ground.source.files[0]
    file.write_text(file.read_text().replace("1000", "1001"))
    assert digests(one.ground.source) != one.ground.digests
    with pytest.raises(UsageError, match="a worker reads another file of this name than the search"):
        run_task(one)


def test_another_version_is_refused(tmp_path: Path) -> None:
    """Its replays may differ."""
    one = task(tmp_path)
    with pytest.raises(UsageError, match=r"a worker runs gridhedge .*, the search 0\.0\.0: install the same version"):
        run_task(one._replace(ground=one.ground._replace(version="0.0.0")))


def test_a_profile_that_the_replay_refuses_is_an_outcome(tmp_path: Path) -> None:
    """One combination's sentence does not end the search."""
    one = task(tmp_path)
    entry = one.profile.symbols[0].model_copy(update={"symbol": "NOSUCHUSDT"})
    outcome = run_task(one._replace(profile=one.profile.model_copy(update={"symbols": (entry,)})))
    assert outcome.figures is None
    assert "NOSUCHUSDT" in outcome.refused
