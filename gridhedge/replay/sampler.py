"""Which combinations are tried, in which order. The same seed gives the same ones, whoever works them out."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from gridhedge.domain.errors import UsageError
from gridhedge.profile.space import Point, Space

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution

_RANDOM_FIRST = 16
"""So many results are drawn evenly before anything is learnt from them."""
_ASKED_AT_MOST = 20
"""How often the sampler may repeat itself before a combination is drawn for it."""


class Sampler(Protocol):
    """Proposes combinations, each once."""

    def ask(self, count: int) -> list[Point]:
        """The next ones; fewer where there are no more."""
        ...

    def tell(self, points: Sequence[Point], values: Sequence[float]) -> None:
        """What the last ones that were asked for are worth; larger is better."""
        ...


class Enumeration:
    """Every combination, the last field changing first."""

    def __init__(self, space: Space) -> None:
        self._rest = itertools.product(*(range(len(axis.values)) for axis in space.axes))

    def ask(self, count: int) -> list[Point]:
        return list(itertools.islice(self._rest, count))

    def tell(self, points: Sequence[Point], values: Sequence[float]) -> None:
        """Nothing to learn."""


class TreeSampler:
    """Optuna's tree-structured Parzen estimator (TPE) over the numbers of the values.

    Optuna draws, nothing else: results are kept by the study file, not by its storage. Raises UsageError where it is
    not installed.
    """

    def __init__(self, space: Space, seed: int) -> None:
        try:
            import optuna
            from optuna.distributions import CategoricalDistribution, IntDistribution
        except ImportError:
            raise UsageError(
                "a search of more combinations than --trials needs Optuna: pip install 'gridhedge[optimize]'"
            ) from None
        optuna.logging.set_verbosity(optuna.logging.ERROR)  # it tells every trial
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=_RANDOM_FIRST)
        self._study: Study = optuna.create_study(direction="maximize", sampler=sampler)
        self._sizes = [len(axis.values) for axis in space.axes]
        self._distributions: dict[str, BaseDistribution] = {
            axis.name: IntDistribution(0, size - 1) if axis.is_ordered else CategoricalDistribution(range(size))
            for axis, size in zip(space.axes, self._sizes, strict=True)
        }
        self._failed = optuna.trial.TrialState.FAIL
        self._dice = random.Random(seed)
        self._tried: set[Point] = set()
        self._open: list[Trial] = []

    def ask(self, count: int) -> list[Point]:
        assert not self._open, "every combination is told before the next are asked for"
        return [self._new() for _ in range(count)]

    def tell(self, points: Sequence[Point], values: Sequence[float]) -> None:
        assert len(points) == len(values) == len(self._open), "all that was asked for"
        for trial, value in zip(self._open, values, strict=True):
            self._study.tell(trial, value)
        self._open.clear()

    def _new(self) -> Point:
        for _ in range(_ASKED_AT_MOST):
            trial = self._study.ask(self._distributions)
            point: Point = tuple(trial.params[name] for name in self._distributions)
            if point not in self._tried:
                break
            self._study.tell(trial, state=self._failed)  # known already: nothing to learn from it
        else:
            point = self._untried()
            self._study.enqueue_trial(dict(zip(self._distributions, point, strict=True)))
            trial = self._study.ask(self._distributions)
        self._tried.add(point)
        self._open.append(trial)
        return point

    def _untried(self) -> Point:
        while (point := tuple(map(self._dice.randrange, self._sizes))) in self._tried:
            pass  # a space that is not enumerated has more combinations than trials
        return point
