"""Searches a profile's parameters: every trial is a whole replay through the live engine, over the candles that the
search may see; what was found is then replayed over those it has not seen.

Trials are proposed in batches of a fixed size, and a batch is told to the sampler as a whole and in its order: how many
workers there are, and which of them is first, changes nothing. What the study file knows already is not replayed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis, Money
from gridhedge.profile.settings import Profile
from gridhedge.profile.space import Point, Space
from gridhedge.replay.metrics import plain
from gridhedge.replay.objective import Figures, Score, as_number, score
from gridhedge.replay.recorded import Recorded
from gridhedge.replay.run import Rules
from gridhedge.replay.sampler import Enumeration, Sampler, TreeSampler
from gridhedge.replay.study import Fingerprint, Part, Study
from gridhedge.replay.trial import Ground, Outcome, Task
from gridhedge.replay.workers import Workers

BEST = 10
"""How many of the best are replayed over the candles that were kept out."""
_PORTION = 1_000
"""Of an enumeration: its combinations wait in memory, and there is nothing to learn between them."""


class Wish(NamedTuple):
    """What to look for, and how."""

    objective: str = "return-over-drawdown"
    trials: int = 200
    """How many combinations at most; all of them where there are no more."""
    batch: int = 16
    """How many are proposed at once: more keep more workers busy, fewer learn faster."""
    seed: int = 0


class Window(NamedTuple):
    """A part of the candles (ms UTC, the end exclusive)."""

    start: Millis
    end: Millis


class Field(NamedTuple):
    """On which the combinations are tried: all that decides a replay besides them."""

    space: Space
    seen_as: Callable[[Profile], Profile]
    """What the command line puts in place of the profile's symbol."""
    ground: Ground
    windows: Mapping[Part, Window]
    """``holdout`` is missing where nothing is kept out."""
    rules: Mapping[str, Rules]
    balance: Money | None


class Trial(NamedTuple):
    """One combination of the search, by the order in which it was proposed (from 1)."""

    number: int
    point: Point
    outcome: Outcome
    score: Score | None
    """None where the profile's own rules refuse the combination."""


class Ranked(NamedTuple):
    """One of the best, and what it made of candles that the search has not seen."""

    trial: Trial
    holdout: Outcome | None = None
    holdout_score: Score | None = None


class Found(NamedTuple):
    """What a search came to."""

    trials: tuple[Trial, ...]
    best: tuple[Ranked, ...]
    """Best first."""

    @property
    def refused(self) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if trial.score is None)


def split(recorded: Recorded, holdout_percent: int) -> dict[Part, Window]:
    """The last percents of the time are kept out of the search. Raises UsageError where a part has no candles."""
    start, end = recorded.start, recorded.end
    if not holdout_percent:
        return {"search": Window(start, end)}
    coarsest = max(series.interval_ms for series in recorded.candles.values())
    kept = (end - start) * holdout_percent // 100 // coarsest * coarsest
    windows: dict[Part, Window] = {"search": Window(start, end - kept), "holdout": Window(end - kept, end)}
    for part, window in windows.items():
        if window.end - window.start < 2 * coarsest:
            text = f"--holdout {holdout_percent} leaves {part} less than two candles"
            raise UsageError(f"{text}; give more candles, or --holdout 0")
        recorded.between(*window)
    return windows


def fingerprint(field: Field, wish: Wish, profile: Profile) -> Fingerprint:
    """Everything that decides which trials there are and what they give; not how many, nor who works them out."""
    space = [[axis.name, axis.values] for axis in field.space.axes]
    rules = sorted((symbol, repr(known)) for symbol, known in field.rules.items())
    return {
        "gridhedge": field.ground.version,
        "profile": profile.digest,
        "space": _hash(space),
        "data": field.ground.digests,
        "allow_gaps": field.ground.source.allow_gaps,
        **{part: list(window) for part, window in field.windows.items()},
        "rules": _hash(rules),
        "balance": None if field.balance is None else plain(field.balance),
        "objective": wish.objective,
        "batch": wish.batch,
        "seed": wish.seed,
    }


class Search:
    """One search, whose results are kept in a study. ``progress`` is told each trial that is known."""

    def __init__(
        self,
        field: Field,
        wish: Wish,
        study: Study,
        workers: Workers,
        progress: Callable[[Part, Outcome], None] = lambda part, outcome: None,
    ) -> None:
        self._field = field
        self._wish = wish
        self._study = study
        self._workers = workers
        self._progress = progress

    def run(self) -> Found:
        """Search, then try the best on what was kept out. Raises UsageError, GridhedgeError, DiskFailure."""
        trials = self._search()
        best = _best(trials)
        if "holdout" not in self._field.windows:
            return Found(tuple(trials), tuple(map(Ranked, best)))
        held = self._outcomes("holdout", [trial.point for trial in best])
        return Found(
            tuple(trials),
            tuple(Ranked(trial, outcome, self._score(outcome)) for trial, outcome in zip(best, held, strict=True)),
        )

    def _search(self) -> list[Trial]:
        space, wish = self._field.space, self._wish
        if space.size <= wish.trials:
            sampler: Sampler = Enumeration(space)
            wanted, batch = space.size, _PORTION
        else:
            sampler = TreeSampler(space, wish.seed)
            wanted, batch = wish.trials, wish.batch
        trials: list[Trial] = []
        while len(trials) < wanted:
            points = sampler.ask(min(batch, wanted - len(trials)))
            outcomes = self._outcomes("search", points)
            scores = [self._score(outcome) for outcome in outcomes]
            sampler.tell(points, [as_number(found) for found in scores])
            numbers = range(len(trials) + 1, len(trials) + len(points) + 1)
            trials += map(Trial, numbers, points, outcomes, scores)
        return trials

    def _score(self, outcome: Outcome) -> Score | None:
        return None if outcome.figures is None else score(outcome.figures, self._wish.objective)

    def _outcomes(self, part: Part, points: Sequence[Point]) -> list[Outcome]:
        """In the order of the points; those that nobody knows yet are worked out, and kept as they come."""
        known, tasks, open_points = self._study.known, [], []
        for point in points:
            if (part, point) in known:
                self._progress(part, known[part, point])
                continue
            try:
                profile = self._field.seen_as(self._field.space.profile(point))
            except UsageError as refusal:
                self._keep(part, point, Outcome(None, str(refusal)))
                continue
            open_points.append(point)
            window = self._field.windows[part]
            tasks.append(Task(self._field.ground, *window, profile, self._field.rules, self._field.balance))
        for number, outcome in self._workers.run(tasks):
            self._keep(part, open_points[number], outcome)
        return [known[part, point] for point in points]

    def _keep(self, part: Part, point: Point, outcome: Outcome) -> None:
        self._study.write(part, point, self._field.space.values(point), outcome)
        self._progress(part, outcome)


def _best(trials: Sequence[Trial]) -> list[Trial]:
    """Of those that did exactly the same (the venue's smallest quantity makes many values equal) the first stands for
    all."""
    different: dict[Figures, Trial] = {}
    for trial in trials:
        if trial.outcome.figures is not None:
            different.setdefault(trial.outcome.figures, trial)
    return sorted(different.values(), key=lambda trial: (trial.score, -trial.number), reverse=True)[:BEST]


def _hash(document: Any) -> str:
    return hashlib.sha256(json.dumps(document).encode()).hexdigest()
