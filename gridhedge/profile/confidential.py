"""Finds keys of exchanges in a profile, where they do not belong: profiles are shown, mailed and committed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gridhedge.profile.document import Node, Problem

__all__ = ["find_confidential", "names_confidential"]

_NAME = re.compile(r"api_?key|secret|pass_?phrase|password|passwd|token|private_?key", re.IGNORECASE)
_KEY_LIKE = re.compile(r"(?=.*[0-9])(?=.*[a-z])(?:bg_)?[A-Za-z0-9]{18,}")
"""Bybit's keys have 18 letters and digits, its secrets 36, Binance's 64, Bitget's 32 after ``bg_``. Symbols have no
small letters; file names and times have points, dashes or colons."""
_REMEDY = "keys belong in .env (see .env.example); remove it here, and if this file was ever shared, make a new key"


def find_confidential(node: Node, where: str = "") -> Iterator[Problem]:
    """A problem for each field that is named like a secret or whose value looks like one. Never repeats the value."""
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            path = f"{where}.{key}" if where else key
            if _KEY_LIKE.fullmatch(key):
                yield Problem(child.line, where, f"a name in this group looks like the key of an exchange; {_REMEDY}")
            elif _NAME.search(key):
                yield Problem(child.line, path, _REMEDY)
            else:
                yield from find_confidential(child, path)
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from find_confidential(child, f"{where}[{index}]")
    elif node.value is not None and _KEY_LIKE.fullmatch(node.value):
        yield Problem(node.line, where, f"this value looks like the key of an exchange; {_REMEDY}")


def names_confidential(where: str) -> bool:
    """Whether a place may not be shown, because a name in it looks like a key."""
    return any(_KEY_LIKE.fullmatch(part) for part in re.split(r"[.\[\]]", where))
