"""What an edited profile changes: what a running bot takes over, and when, and what needs a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gridhedge.profile.settings import Profile, SymbolSettings

__all__ = ["Change", "changes", "needing_restart", "told"]

_LIVE_GROUPS = ("risk.", "system.")
_AT_START = ("risk.on_start",)


class Change(NamedTuple):
    """One value that differs. ``where`` as a profile writes it: ``symbols[0].strategy.take_profit_percent``."""

    where: str
    before: str
    after: str
    counts: str
    """From when on; empty: only after a restart."""


def changes(before: Profile, after: Profile) -> list[Change]:
    """Every value that differs, in the order of the profile."""
    old, new = _values(before), _values(after)
    names = {**old, **new}
    return [
        Change(where, _text(old.get(where)), _text(new.get(where)), _counts(where, after))
        for where in names
        if old.get(where) != new.get(where)
    ]


def needing_restart(found: list[Change]) -> list[Change]:
    """Those that a running bot can not take over: account, venue, symbols, directions, leverage, real money."""
    return [change for change in found if not change.counts]


def told(change: Change) -> str:
    """``risk.mm_rate_threshold 90.0 -> 80.0 (at once)``."""
    when = f" ({change.counts})" if change.counts else ""
    return f"{change.where} {change.before} -> {change.after}{when}"


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def _values(profile: Profile) -> dict[str, Any]:
    return dict(_flat("", profile.model_dump()))


def _flat(where: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Leaves by path; a list of plain values is one leaf."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(f"{where}.{name}" if where else str(name), item)
    elif isinstance(value, tuple) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _flat(f"{where}[{index}]", item)
    else:
        yield where, value


def _counts(where: str, after: Profile) -> str:
    if where in _AT_START:
        return "from the next start"
    if where.startswith(_LIVE_GROUPS):
        return "at once"
    for index, entry in enumerate(after.symbols):
        group = f"symbols[{index}].strategy."
        if where.startswith(group):
            return _counts_in_strategy(where.removeprefix(group), entry)
    return ""


def _counts_in_strategy(field: str, entry: SymbolSettings) -> str:
    strategy = entry.strategy
    if field in ("kind", "direction") or field not in type(strategy).model_fields:
        return ""
    if field in strategy.first_start_fields:
        return "counts at the first start only: no effect now"
    return "from the next grid" if field in strategy.entry_fields else "at once"
