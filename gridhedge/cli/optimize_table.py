"""What a search shows: the best in the terminal, and everything as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gridhedge.profile.places import Value
from gridhedge.replay.metrics import iso, plain
from gridhedge.replay.tables import utc

if TYPE_CHECKING:
    from rich.table import Table

    from gridhedge.profile.space import Space
    from gridhedge.replay.objective import Score
    from gridhedge.replay.optimize import Field, Found, Ranked, Trial, Window, Wish
    from gridhedge.replay.trial import Outcome

_ENDS = {"data_end": "data", "emergency_stop": "stop", "liquidation": "liquid."}
_WIDEST = 24
"""What fits beside the figures on eighty columns."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def print_found(found: Found, field: Field, wish: Wish) -> None:
    """The ten best, each over the candles of the search and over those that were kept out, and what to think of it."""
    from gridhedge.cli.terminal import Terminal

    out = Terminal()
    for line in _head(found, field, wish):
        out.print(line, soft_wrap=True, markup=False)
    rows = [[_text(value) for value in field.space.values(ranked.trial.point).values()] for ranked in found.best]
    letters = list(_letters(field.space))
    widths = [max(map(len, column)) for column in zip(letters, *rows, strict=True)]
    values = [_row(texts, widths) for texts in (letters, *rows)]
    is_wide = len(values[0]) > _WIDEST
    if is_wide:  # more than fits beside the figures: a table of its own, by the same ranks
        out.print("\n".join(f"{rank or '#':>2} {row}" for rank, row in enumerate(values)), soft_wrap=True, markup=False)
    out.print(_table(found, [""] * len(values) if is_wide else values))
    for line in verdict(found):
        out.print(f"note: {line}", style="bold", soft_wrap=True, markup=False)


def verdict(found: Found) -> Iterator[str]:
    """What a user should know before believing the table, in plain sentences."""
    if found.refused:
        many, why = f"{len(found.refused)} of {len(found.trials)}", found.refused[0].outcome.refused
        yield f"{many} combinations are refused, the first: {why}"
    best = found.best[0]
    figures = best.trial.outcome.figures
    if figures is not None and figures.is_stopped:
        yield "every combination was stopped before the candles ended: these ranks only tell which survived longest"
        return
    if figures is not None and figures.is_failed:
        yield f"even the best of the search lost {-figures.net_profit:.2f}"
    if best.holdout is not None and best.holdout.figures is not None and best.holdout.figures.is_failed:
        figures = best.holdout.figures
        days = Decimal(figures.end - figures.start) / 86_400_000
        what = f"was stopped after {days:.1f} days" if figures.is_stopped else f"lost {-figures.net_profit:.2f}"
        yield f"the best of the search {what} on the candles that were kept out of it: do not trust it"


def document(found: Found, field: Field, wish: Wish) -> dict[str, Any]:
    """Everything, under stable names: decimals as strings, times as ISO UTC."""
    windows = field.windows
    return {
        "symbols": list(field.ground.symbols),
        "objective": wish.objective,
        "seed": wish.seed,
        "combinations": field.space.size,
        "trials": len(found.trials),
        "refused": len(found.refused),
        "space": {axis.name: list(axis.values) for axis in field.space.axes},
        "search": _window_json(windows["search"]),
        "holdout": _window_json(windows["holdout"]) if "holdout" in windows else None,
        "best": [_ranked_json(rank, ranked, field.space) for rank, ranked in enumerate(found.best, 1)],
        "tried": [_trial_json(trial, field.space) for trial in found.trials],
        "notes": list(verdict(found)),
    }


def _window_json(window: Window) -> dict[str, str]:
    return {"from": iso(window.start), "to": iso(window.end)}


def _ranked_json(rank: int, ranked: Ranked, space: Space) -> dict[str, Any]:
    held = None
    if ranked.holdout is not None:
        held = _outcome_json(ranked.holdout, ranked.holdout_score)
    return {"rank": rank, **_trial_json(ranked.trial, space), "holdout": held}


def _trial_json(trial: Trial, space: Space) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "values": space.values(trial.point),
        **_outcome_json(trial.outcome, trial.score),
    }


def _outcome_json(outcome: Outcome, found: Score | None) -> dict[str, Any]:
    return {"score": None if found is None else plain(found.value), **outcome.to_json()}


# ---- the table -------------------------------------------------------------------------------------------------------


def _head(found: Found, field: Field, wish: Wish) -> Iterator[str]:
    names = _short_names(field.space)
    yield f"gridhedge optimize: {', '.join(field.ground.symbols)}, best by {wish.objective}"
    yield f"  tried    {len(found.trials)} of {field.space.size} combinations"
    for part, window in field.windows.items():
        yield f"  {part:<7}  {utc(window.start)} to {utc(window.end)} UTC"
    for letter, axis in zip(_letters(field.space), field.space.axes, strict=True):
        yield f"  {letter}  {names[axis.name]}"


def _short_names(space: Space) -> Mapping[str, str]:
    """``grid_step_percent``, where no other field of the space ends so."""
    last = [axis.name.rpartition(".")[2] for axis in space.axes]
    return {
        axis.name: short if last.count(short) == 1 else axis.name for axis, short in zip(space.axes, last, strict=True)
    }


def _letters(space: Space) -> Iterator[str]:
    return (_LETTERS[number] if number < len(_LETTERS) else str(number) for number in range(len(space.axes)))


def _table(found: Found, values: Sequence[str]) -> Table:
    """``values``: the texts of a column, its head first."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column(values[0], no_wrap=True)
    table.add_column("over")
    for name in ("score", "net profit", "drawdown", "MM %", "fills/cycles"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("end", no_wrap=True)
    for rank, (ranked, row) in enumerate(zip(found.best, values[1:], strict=True), 1):
        table.add_row(str(rank), row, "search", *_cells(ranked.trial.outcome, ranked.trial.score))
        if ranked.holdout is not None:
            table.add_row("", "", "holdout", *_cells(ranked.holdout, ranked.holdout_score), style="dim")
    return table


def _row(texts: list[str], widths: list[int]) -> str:
    return " ".join(text.rjust(width) for text, width in zip(texts, widths, strict=True))


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"[{','.join(value)}]"


def _cells(outcome: Outcome, found: Score | None) -> tuple[str, ...]:
    figures = outcome.figures
    if figures is None or found is None:
        return ("refused",)
    value = f"{found.value:.2f}" if found.is_finished else "-"
    return (
        value,
        f"{figures.net_profit:+.2f}",
        f"{figures.max_drawdown:.2f}",
        f"{figures.worst_mm_rate:.1f}",
        f"{figures.fills}/{figures.cycles}",
        _ENDS[figures.ended_by],
    )
