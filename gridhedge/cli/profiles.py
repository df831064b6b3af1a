"""Profiles as the commands take them: read, and checked against what only the embedded exchange's own table knows."""

from __future__ import annotations

from pathlib import Path

from gridhedge.domain.errors import UsageError
from gridhedge.profile.document import read_document
from gridhedge.profile.load import load_profile
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import PaperSettings
from gridhedge.venue.paper.instruments import symbols


def open_profile(path: Path, *, live: bool = False) -> Profile:
    """The profile, whose symbols exist under the rules it names. Raises UsageError with file, line and field."""
    profile = load_profile(path, live=live)
    if isinstance(profile.venue, PaperSettings):
        rules = profile.venue.rules
        known = symbols(rules)
        for index, entry in enumerate(profile.symbols):
            if entry.symbol not in known:
                raise UsageError(
                    f"{path}:{_line(path, index)}: symbols[{index}].symbol: the embedded exchange does not know "
                    f"{entry.symbol} under the rules of {rules}; choose one of {', '.join(known)}"
                )
    return profile


def _line(path: Path, index: int) -> int:
    """The line of the symbol with this number; the profile has just been read, so it is there."""
    root = read_document(path).root.value
    entries = root["symbols"].value if isinstance(root, dict) else None
    entry = entries[index].value if isinstance(entries, list) else None
    return entry["symbol"].line if isinstance(entry, dict) else 1
