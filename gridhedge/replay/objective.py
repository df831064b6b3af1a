"""What a search looks for: a few figures of each replay, and which of two runs a sleeper would rather have had.

A run that was stopped (emergency stop, liquidation) is worse than every run that was not; the longer it survived, the
better. Among the others the objective's value decides:

- ``return-over-drawdown``: net profit per year over the deepest fall of the equity, in money (the Calmar ratio with
  money in place of percentages). A fall of less than a thousandth of the first balance counts as that much, so that no
  run wins because it hardly traded. A loss is compared with the balance instead: a deeper fall must not flatter it.
- ``net-profit``: net profit per year.

A run that closed nothing has the value 0 (or its loss, where it lost).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self, cast

from gridhedge.domain.values import ZERO, Millis, Money
from gridhedge.replay.metrics import EndedBy, Metrics, iso, plain

_YEAR_MS = Decimal(365 * 86_400_000)
_LEAST_FALL = Decimal("0.001")
_STOPPED = -1e30
_REFUSED = -2e30
_PER_MS = 1e15


class Figures(NamedTuple):
    """The figures of a replay that a search keeps. Money in quote currency, rounded as ``backtest --json`` tells it, so
    that those read from a file are those of the run."""

    start: Millis
    end: Millis
    """When the run ended: the end of the candles, or the stop."""
    fills: int
    cycles: int
    net_profit: Money
    final_equity: Money
    fees: Money
    funding: Money
    max_drawdown: Money
    max_drawdown_percent: Decimal
    worst_mm_rate: Decimal
    deepest_level: int | None
    longest_unhedged_seconds: Decimal
    ended_by: EndedBy

    @classmethod
    def of(cls, metrics: Metrics) -> Self:
        """Those of a replay."""
        return cls.from_json(metrics._replace(equity=(), executions=()).to_json())

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """From the names and texts of ``backtest --json``. Raises KeyError, ValueError or ArithmeticError."""
        money = {name: Decimal(told[name]) for name in _MONEY}
        return cls(
            start=_moment(told["from"]),
            end=_moment(told["to"]),
            fills=int(told["fills"]),
            cycles=int(told["cycles"]),
            deepest_level=told["deepest_level"],
            longest_unhedged_seconds=Decimal(str(told["longest_unhedged_seconds"])),
            ended_by=cast(EndedBy, told["ended_by"]),
            **money,
        )

    def to_json(self) -> dict[str, Any]:
        """Under the names of ``backtest --json``."""
        return {
            "from": iso(self.start),
            "to": iso(self.end),
            "fills": self.fills,
            "cycles": self.cycles,
            **{name: plain(getattr(self, name)) for name in _MONEY},
            "deepest_level": self.deepest_level,
            "longest_unhedged_seconds": float(self.longest_unhedged_seconds),
            "ended_by": self.ended_by,
        }

    @property
    def is_stopped(self) -> bool:
        return self.ended_by != "data_end"

    @property
    def is_failed(self) -> bool:
        """Stopped, or poorer than at the beginning."""
        return self.is_stopped or self.net_profit < 0


_MONEY = (
    "net_profit", "final_equity", "fees", "funding", "max_drawdown", "max_drawdown_percent", "worst_mm_rate",
)  # fmt: skip


class Score(NamedTuple):
    """Larger is better."""

    is_finished: bool
    survived_ms: Millis
    value: Decimal


def _per_year(figures: Figures) -> Money:
    return figures.net_profit * _YEAR_MS / max(figures.end - figures.start, 1)


def _return_over_drawdown(figures: Figures) -> Decimal:
    balance = figures.final_equity - figures.net_profit
    if figures.net_profit < 0:
        return _per_year(figures) / balance
    return _per_year(figures) / max(figures.max_drawdown, balance * _LEAST_FALL) if figures.cycles else ZERO


def _net_profit(figures: Figures) -> Decimal:
    return _per_year(figures) if figures.cycles or figures.net_profit < 0 else ZERO


OBJECTIVES: Mapping[str, Callable[[Figures], Decimal]] = {
    "return-over-drawdown": _return_over_drawdown,
    "net-profit": _net_profit,
}


def score(figures: Figures, objective: str) -> Score:
    """The place of a run among others over the same candles."""
    return Score(not figures.is_stopped, figures.end - figures.start, OBJECTIVES[objective](figures))


def as_number(found: Score | None) -> float:
    """The same order in one float, for a sampler that knows nothing else; None: a combination that was refused."""
    if found is None:
        return _REFUSED
    return float(found.value) if found.is_finished else _STOPPED + _PER_MS * found.survived_ms


def _moment(text: str) -> Millis:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
