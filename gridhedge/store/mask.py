"""Masking: no secret, signature, session key or query string leaves in a text. The last step before any output."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from gridhedge.store.secret import Secret

__all__ = ["Masker"]

_STARS = "***"
_SHORTEST = 4
"""Shorter values would black out ordinary words; no venue hands out such keys."""

_NAMES = (
    r"signature|sign|listen_?key|api_?key|api_?secret|secret_?key|secret|passphrase|password|passwd|token|"
    r"x-bapi-[a-z-]+|x-mbx-apikey|x-admin-key|access-(?:key|sign|passphrase)|x-signature"
)
_TO = r"(?:[\"']?\s*[:=]\s*|[\"'],\s*)"
_QUOTED = r"b?\"[^\"\n]*\"|b?'[^'\n]*'"
_WORD = r"[^\s\"'&;,})\]]+"
_PATTERNS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    # a header whose value may hold blanks: everything up to the closing quote or the end of the line
    (
        ("cookie", "authorization"),
        re.compile(rf"(?i)(cookie|authorization)({_TO})(?:{_QUOTED}|[^\n\"'}}]+)"),
        rf"\1\2{_STARS}",
    ),
    # name=value, name: value, "name": "value", ('name', 'value')
    (
        ("key", "sign", "secret", "pass", "token", "x-bapi-"),
        re.compile(rf"(?i)(?<![a-z0-9])({_NAMES})({_TO})(?:{_QUOTED}|{_WORD})"),
        rf"\1\2{_STARS}",
    ),
    # the same at the end of a longer name: mt5_password, webhookSecret
    (
        ("key", "secret", "pass"),
        re.compile(rf"(?i)(api_?key|secret|passphrase|password)({_TO})(?:{_QUOTED}|{_WORD})"),
        rf"\1\2{_STARS}",
    ),
    # any query string, also of the path alone, as requests' errors show it
    (("?",), re.compile(r"\?[A-Za-z0-9_.\-\[\]%]+=[^\s\"'<>)]*"), f"?{_STARS}"),
    # user:password@ in a URL
    (("://",), re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,20}://)[^\s/@\"']+@"), rf"\1{_STARS}@"),
    # the listen key in the path of a Binance user stream
    (("/ws/",), re.compile(r"(/ws/)[A-Za-z0-9]{20,}"), rf"\1{_STARS}"),
)
"""What a text must have one of, in small letters, for the pattern to be tried: looking for words is a hundred times
faster than for patterns, and a history of orders is long."""


class Masker:
    """Replaces known secret values, in the spellings they may appear in, and everything that looks like one."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._spellings: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self.register(secrets)

    def register(self, secrets: Iterable[Secret]) -> None:
        """From now on these values are masked, too. At start, before the first request."""
        for secret in secrets:
            self._spellings |= _spellings(secret.reveal())
        longest_first = sorted(self._spellings, key=lambda text: (-len(text), text))
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def mask(self, text: str) -> str:
        """The text with every known value, and everything that looks like a secret, replaced by stars."""
        if self._known is not None:
            text = self._known.sub(_STARS, text)
        # Beyond ASCII small and capital letters are no pairs (the Kelvin sign is a k), so that every pattern is tried.
        small = text.lower() if text.isascii() else None
        for words, pattern, replacement in _PATTERNS:
            if small is None or any(word in small for word in words):
                text = pattern.sub(replacement, text)
        return text


def _spellings(value: str) -> set[str]:
    """A value as it stands, in a URL, in JSON and in a Python literal."""
    if len(value) < _SHORTEST:
        return set()
    return {value, quote(value), quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], repr(value)[1:-1]}
