"""A search: deterministic, resumable, blind to what is kept out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.replay.objective import score
from gridhedge.replay.optimize import Field, Found, Search, Wish, fingerprint, split
from gridhedge.replay.recorded import Source, load_recorded
from gridhedge.replay.study import Study
from gridhedge.replay.trial import Outcome, Task
from gridhedge.replay.workers import Numbered, Workers, local_workers
from tests.replay.searching import falling, field, files, profile_of
from tests.replay.test_sampler import BIG

TRIMMED = """\
symbols.strategy.max_grid_levels_per_side: {choices: [3, 6]}
symbols.leverage: {choices: [10, 75]}
risk.mm_rate_threshold: {choices: [20, 90]}
"""


class Counting(Workers):
    """This process, counting what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks = 0

    def run(self, tasks: Sequence[Task]) -> Iterator[Numbered]:
        self.tasks += len(tasks)
        return super().run(tasks)


def searched(folder: Path, found: Field, wish: Wish, workers: Workers | None = None, study: str = "x") -> Found:
    told = fingerprint(found, wish, profile_of(folder))
    with Study(folder / f"{study}.study.jsonl", told, 0) as kept:
        return Search(found, wish, kept, workers or Workers()).run()


def test_a_small_space_is_tried_completely(tmp_path: Path) -> None:
    """Twelve combinations, each once; the best ten in their order, the earlier first where they are equal."""
    workers = Counting()
    found = searched(tmp_path, field(tmp_path), Wish(), workers)
    assert workers.tasks == len(found.trials) == len({trial.point for trial in found.trials}) == 12
    assert [trial.number for trial in found.trials] == list(range(1, 13))
    assert len(found.best) == 10
    ranks = [(ranked.trial.score, -ranked.trial.number) for ranked in found.best]
    assert ranks == sorted(ranks, reverse=True)
    assert found.best[0].trial.score == max(trial.score for trial in found.trials if trial.score)
    assert found.best[0].holdout is None


def test_of_combinations_that_did_the_same_the_first_stands_for_all(tmp_path: Path) -> None:
    """One dollar and a hair more buy the same 375 DOGE."""
    space = "symbols.strategy.initial_position_size_usd: {choices: [1.0, 1.000001, 2.0]}\n"
    found = searched(tmp_path, field(tmp_path, space=space), Wish())
    assert len(found.trials) == 3
    assert {ranked.trial.number for ranked in found.best} == {1, 3}


def test_a_finished_search_is_told_again_without_a_replay(tmp_path: Path) -> None:
    """Everything is known."""
    first = searched(tmp_path, field(tmp_path, 30), Wish())
    again = Counting()
    assert searched(tmp_path, field(tmp_path, 30), Wish(), again) == first
    assert again.tasks == 0


def test_who_works_it_out_changes_nothing(tmp_path: Path) -> None:
    """This process and two others find the same trials, the same ranks, the same holdout."""
    found, wish = field(tmp_path, 30, BIG), Wish(trials=20, batch=6, seed=5)
    alone = searched(tmp_path, found, wish, study="alone")
    with local_workers(2) as workers:
        assert searched(tmp_path, found, wish, workers, study="two") == alone
    assert len({trial.point for trial in alone.trials}) == 20
    names = ("alone.study.jsonl", "two.study.jsonl")
    assert len({"\n".join(sorted((tmp_path / name).read_text().splitlines())) for name in names}) == 1


def test_an_interrupted_search_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    """Stopped after seven outcomes of a batch, it goes on with the rest, and replays none of them twice."""
    found, wish = field(tmp_path, 30, BIG), Wish(trials=15, batch=5, seed=2)
    whole = searched(tmp_path, found, wish, study="whole")

    class Stopped(Exception):
        pass

    def stop(part: object, outcome: Outcome) -> None:
        counted.append(outcome)
        if len(counted) == 7:
            raise Stopped

    counted: list[Outcome] = []
    told = fingerprint(found, wish, profile_of(tmp_path))
    with Study(tmp_path / "cut.study.jsonl", told, 0) as kept:
        with pytest.raises(Stopped):
            Search(found, wish, kept, Workers(), stop).run()
    rest = Counting()
    assert searched(tmp_path, found, wish, rest, study="cut") == whole
    assert rest.tasks == 15 - 7 + 10


def test_more_trials_go_on_from_fewer(tmp_path: Path) -> None:
    """The number of trials is no part of the study's identity."""
    found, wish = field(tmp_path, 0, BIG), Wish(trials=7, batch=5, seed=2)
    fewer = searched(tmp_path, found, wish)
    more = Counting()
    longer = searched(tmp_path, found, wish._replace(trials=12), more)
    assert longer.trials[:7] == fewer.trials
    assert more.tasks == 5


def test_the_search_is_blind_to_what_is_kept_out(tmp_path: Path) -> None:
    """Its trials are those of a search over its own part alone, and the best are replayed over the other one."""
    whole = field(tmp_path, 25)
    held = searched(tmp_path, whole, Wish(), study="held")
    first = whole.windows["search"]
    alone = whole._replace(windows={"search": first})
    assert searched(tmp_path, alone, Wish(), study="alone").trials == held.trials
    assert whole.windows["holdout"] == (first.end, first.start + 480 * 60_000)
    for ranked in held.best:
        assert ranked.holdout is not None
        assert ranked.holdout.figures is not None
        assert ranked.holdout_score == score(ranked.holdout.figures, "return-over-drawdown")
        assert ranked.holdout.figures.start == first.end


def test_refused_combinations_count_and_are_never_replayed(tmp_path: Path) -> None:
    """The profile's own rule; the others are tried."""
    profile = (
        'account: "001"\nvenue: {name: paper, rules: bybit, feeds: {DOGEUSDT: {kind: synthetic, price: 0.2}}}\n'
        "symbols:\n  - symbol: DOGEUSDT\n    leverage: 5\n    strategy: {kind: trim}\n"
    )
    found = field(tmp_path)
    (tmp_path / "p.yaml").write_text(profile)
    (tmp_path / "s.yaml").write_text("symbols.strategy.stop_loss_percent: {choices: [4, 6]}\n")
    from gridhedge.profile.space import read_space

    found = found._replace(space=read_space(tmp_path / "s.yaml", tmp_path / "p.yaml"))
    workers = Counting()
    result = searched(tmp_path, found, Wish(), workers)
    assert workers.tasks == 1
    assert [trial.number for trial in result.refused] == [1]
    assert result.refused[0].outcome.refused.endswith("4 is not beyond the last level at 4.5; choose more")
    assert [ranked.trial.number for ranked in result.best] == [2]


def test_who_survives_is_ranked_before_who_earned(tmp_path: Path) -> None:
    """A price that halves: those that were stopped come last, and the longer they lived the earlier."""
    found = field(tmp_path, space=TRIMMED, candles=falling(tmp_path))
    result = searched(tmp_path, found, Wish())
    figures = [ranked.trial.outcome.figures for ranked in result.best]
    stopped = [run.is_stopped for run in figures if run is not None]
    assert len(result.trials) == 8
    assert 0 < sum(stopped) < len(stopped)
    assert stopped == sorted(stopped)
    lives = [run.end for run in figures if run is not None and run.is_stopped]
    assert lives == sorted(lives, reverse=True)


def test_the_last_percents_are_kept_out_in_whole_candles(tmp_path: Path) -> None:
    """480 minutes: 30 % are 144 of them, 33 % are 158 whole ones."""
    recorded = load_recorded(("DOGEUSDT",), Source((files(tmp_path)[2],)))
    for percent, kept in ((30, 144), (33, 158), (90, 432)):
        windows = split(recorded, percent)
        assert windows["holdout"].end - windows["holdout"].start == kept * 60_000
        assert windows["search"].end == windows["holdout"].start
    assert set(split(recorded, 0)) == {"search"}


def test_too_few_candles_to_keep_any_out_are_told(tmp_path: Path) -> None:
    """Three candles have no third that could be replayed."""
    recorded = load_recorded(("DOGEUSDT",), Source((files(tmp_path)[2],)))
    start = recorded.start
    with pytest.raises(UsageError, match="--holdout 30 leaves holdout less than two candles"):
        split(recorded.between(start, start + 3 * 60_000), 30)
