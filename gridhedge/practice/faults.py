"""Faults that can be switched on: what goes wrong, where, how often and for how long."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from gridhedge.domain.errors import UsageError

__all__ = ["KINDS", "Fault", "Faults"]

KINDS: Mapping[str, str] = {
    # requests: `on` is a part of the path
    "timeout_before": "the request is not carried out, and no answer comes for `seconds`",
    "timeout_after": "the request is carried out, and no answer comes for `seconds`",
    "late": "the request waits `seconds`, then is carried out and answered, whether the client still listens or not",
    "slow_answer": "the request is carried out at once and answered after `seconds`",
    "cut": "the answer breaks off in the middle; `executed` says whether the request was carried out",
    "garbage": "the answer is not JSON; `executed` says whether the request was carried out",
    "http_error": "HTTP status `code`; `executed` says whether the request was carried out",
    "refusal": "business code `code` with `text`; `executed` says whether the request was carried out",
    "rate_limited": "the venue's own 'too many visits'; the time to wait for lies `seconds` ahead (may be negative)",
    "item_fails": "item number `item` of a batch fails with `code` and `text`; the others are carried out",
    "stuck_stop": "nothing comes of a conditional order whose price has come: it stays TRIGGERING (Binance)",
    # streams: `on` is the beginning of the topic, or of the channel (public, private) for the last five
    "lose": "a message never arrives",
    "duplicate": "a message arrives twice",
    "delay": "a message arrives `seconds` late, others overtake it",
    "reorder": "a message arrives after the one that follows it",
    "broken_frame": "a message arrives cut in half",
    "drop": "the sockets are closed with code `code` (default 1001)",
    "silence": "for `seconds` the sockets stay open and no message comes out of them, pongs in JSON included",
    "expire_listen_key": "every listen key expires: its socket stays open and says nothing any more (Binance)",
    "refuse_sockets": "for `seconds` no new socket is accepted",
    # the account: in force until cleared
    "no_hedge_mode": "the account is in one-way mode and can not be switched",
    "withdrawal_permission": "the key may withdraw",
    "transfer_permission": "the key may transfer",
    "expiring_key": "the key expires in `seconds`",
    "read_only_key": "the key may read only",
    "expired_key": "the key has expired",
    "demo": "what a demo account does not offer is refused",
    "history_lag": "orders that have ended appear in the history `seconds` later",
    "clock": "the venue's clock is `seconds` off (negative: behind)",
}
"""What each fault does."""

LASTING = ("silence", "refuse_sockets")
STANDING = (
    *("no_hedge_mode", "withdrawal_permission", "transfer_permission", "read_only_key", "expired_key", "expiring_key"),
    *("demo", "history_lag", "clock"),
)


@dataclass(slots=True)
class Fault:
    """One fault. ``times``: how often it strikes (None: until cleared); ``skip``: how many occasions pass before."""

    kind: str
    on: str = ""
    times: int | None = 1
    skip: int = 0
    seconds: float = 30.0
    executed: bool = False
    code: int = 0
    text: str = ""
    item: int = 0
    until: float = 0.0
    """For faults that last: the end, in seconds of the monotonic clock; set when it begins."""


class Faults:
    """The faults that are switched on. Rules are looked at in the order in which they were added."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self.struck: Counter[str] = Counter()
        """How often each kind has struck."""

    def add(self, kind: str, **given: Any) -> Fault:
        """Switch a fault on; UsageError for a kind or field that there is not."""
        if kind not in KINDS:
            raise UsageError(f"no fault is called {kind!r}: there are {', '.join(KINDS)}")
        known = {field.name: field.type for field in fields(Fault)}
        for name, value in given.items():
            if name not in known or name in ("kind", "until"):
                raise UsageError(f"fault {kind}: no field is called {name!r}")
            _check(kind, name, str(known[name]), value)
        fault = Fault(kind, **given)
        if kind in LASTING:
            fault.until = time.monotonic() + fault.seconds
        if kind in LASTING or kind in STANDING:
            fault.times = None
        self._rules.append(fault)
        return fault

    def add_text(self, text: str) -> Fault:
        """Switch on what a command line says: ``clock,seconds=30``. UsageError names what is wrong."""
        kind, *given = text.split(",")
        known = {field.name: str(field.type) for field in fields(Fault)}
        values: dict[str, Any] = {}
        for part in given:
            name, sign, value = part.partition("=")
            if not sign or name not in known:
                raise UsageError(f"fault {text}: write KIND,NAME=VALUE with names of {', '.join(list(known)[1:-1])}")
            values[name] = _value(text, known[name], value)
        return self.add(kind, **values)

    def clear(self, kind: str = "") -> None:
        """Switch off the faults of one kind, or all of them."""
        self._rules[:] = [rule for rule in self._rules if kind and rule.kind != kind]

    def active(self, kind: str, place: str = "") -> Fault | None:
        """The lasting or standing fault of this kind, if one is in force here."""
        for rule in self._rules:
            if rule.kind == kind and place.startswith(rule.on) and not 0 < rule.until < time.monotonic():
                return rule
        return None

    def strike(self, kinds: tuple[str, ...], place: str) -> Fault | None:
        """The first fault of these kinds that strikes here, if any; its count goes down."""
        for rule in self._rules:
            if rule.kind not in kinds or rule.on not in place:
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            if rule.times is not None:
                rule.times -= 1
                if not rule.times:
                    self._rules.remove(rule)
            self.struck[rule.kind] += 1
            return rule
        return None

    def described(self) -> dict[str, Any]:
        """What is switched on and what has struck, as plain JSON values."""
        return {"active": [asdict(rule) for rule in self._rules], "struck": dict(self.struck)}


def _value(text: str, annotation: str, value: str) -> Any:
    if annotation == "str":
        return value
    if annotation == "bool":
        return value == "true"
    try:
        return float(value) if annotation == "float" else int(value)
    except ValueError as error:
        raise UsageError(f"fault {text}: {value!r} is not a number") from error


def _check(kind: str, name: str, annotation: str, value: Any) -> None:
    numbers = int if "int" in annotation else (int, float)
    expected = bool if annotation == "bool" else str if annotation == "str" else numbers
    right = isinstance(value, expected) and (expected is bool or not isinstance(value, bool))
    if not right and not (value is None and "None" in annotation):
        raise UsageError(f"fault {kind}: {name} is {annotation}, not {value!r}")
    if name in ("times", "skip") and value is not None and value < (1 if name == "times" else 0):
        raise UsageError(f"fault {kind}: {name} is a positive number, not {value!r}")
