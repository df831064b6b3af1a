"""Ids as Bitget's: numbers of nineteen digits that grow."""

from __future__ import annotations

import hashlib

__all__ = ["number_of", "wire_id"]

_KINDS = {"order": 1, "plan": 2, "execution": 3, "foreign": 4, "bill": 5}
_SPAN = 10**9


def wire_id(key: str, kind: str, number: int) -> str:
    """Carries account, kind and number, so that it can be read back."""
    account = int.from_bytes(hashlib.blake2s(key.encode(), digest_size=4).digest(), "big") % 10**8
    return str(_KINDS[kind] * 10**18 + account * 10**10 + number)


def number_of(key: str, kind: str, text: str) -> int | None:
    """The number behind an id; None when it is not one of this account's and kind's."""
    if not text.isdecimal():
        return None
    number = int(text) % _SPAN
    return number if wire_id(key, kind, number) == text else None
