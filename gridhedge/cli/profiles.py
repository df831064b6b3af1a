"""Profiles as the commands take them: read, and checked against what only the embedded exchange's own table knows."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from gridhedge.domain.errors import UsageError
from gridhedge.profile.document import read_document
from gridhedge.profile.load import load_profile
from gridhedge.profile.overrides import NOTHING_SAID, Overrides
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import PaperSettings
from gridhedge.strategy.settings import SignalSettings
from gridhedge.venue.paper.instruments import symbols


def open_profile(path: Path, *, live: bool = False, said: Overrides = NOTHING_SAID) -> Profile:
    """The profile, whose symbols exist under the rules it names. Raises UsageError with file, line and field."""
    profile = load_profile(path, live=live, said=said)
    if isinstance(profile.venue, PaperSettings):
        rules = profile.venue.rules
        known = symbols(rules)
        for index, entry in enumerate(profile.symbols):
            if entry.symbol not in known:
                place = said.place(path, _line(path, index, said), f"symbols[{index}].symbol")
                raise UsageError(
                    f"{place}: the embedded exchange does not know {entry.symbol} under the rules of {rules}; "
                    f"choose one of {', '.join(known)}"
                )
    return profile


def require_indicators(profile: Profile) -> None:
    """Raises UsageError where a strategy of the profile computes indicators and their library is not there."""
    reads = any(isinstance(e.strategy, SignalSettings) and e.strategy.has_signals for e in profile.symbols)
    if reads and importlib.util.find_spec("talib") is None:
        raise UsageError("strategy signal needs TA-Lib; install it with: pip install 'gridhedge[signal]'")


def _line(path: Path, index: int, said: Overrides) -> int:
    """The line of the symbol with this number; the profile has just been read, so it is there."""
    root = said.into(read_document(path).root).value
    entries = root["symbols"].value if isinstance(root, dict) else None
    entry = entries[index].value if isinstance(entries, list) else None
    return entry["symbol"].line if isinstance(entry, dict) else 1
