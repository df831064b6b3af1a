"""What can go wrong with a terminal, switched on by tests and rehearsals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from gridhedge.domain.errors import UsageError

__all__ = ["KINDS", "Fault", "Faults"]

KINDS: Mapping[str, str] = {
    "requote": "the price has moved: 10004",
    "refusal": "the server refuses with `code`",
    "lost_before": "order_send never reaches the server and returns None (IPC timeout)",
    "lost_after": "order_send is carried out and returns None (IPC timeout)",
    "timeout": "order_send answers 10012; `executed` says whether it was carried out",
    "unreadable": "reads return None",
    "disabled": "the Algo Trading button is off: 10027",
    "api_disabled": "trading through the Python API is forbidden: None",
    "account_disabled": "the broker forbids programs on this account: 10026",
    "disconnected": "the terminal has lost the broker: stale data, 10031",
    "no_terminal": "the terminal is closed: every call fails",
    "closed": "the market is closed: 10018",
    "netting": "a netting account",
    "fifo": "an account that closes the oldest position first",
    "investor": "the password can only read",
    "comments": "the broker rewrites comments",
    "magic": "the broker cuts magic numbers to 31 bits",
    "slow_list": "a position that has been opened is listed `calls` reads later",
}
"""What each fault does. The first five strike ``times`` times; the others last until they are cleared."""

_COUNTED = ("requote", "refusal", "lost_before", "lost_after", "timeout", "unreadable")


@dataclass(slots=True)
class Fault:
    """One fault that is switched on."""

    kind: str
    times: int | None = 1
    code: int = 0
    executed: bool = False
    calls: int = 0


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self.struck: Counter[str] = Counter()
        """How often each kind has struck."""

    def add(self, kind: str, *, times: int | None = 1, code: int = 0, executed: bool = False, calls: int = 3) -> Fault:
        """Switch a fault on; UsageError for a kind that there is not."""
        if kind not in KINDS:
            raise UsageError(f"no fault is called {kind!r}: there are {', '.join(KINDS)}")
        fault = Fault(kind, times if kind in _COUNTED else None, code, executed, calls)
        self._rules.append(fault)
        return fault

    def clear(self) -> None:
        self._rules.clear()

    def active(self, kind: str) -> Fault | None:
        """A fault of this kind that is switched on."""
        return next((rule for rule in self._rules if rule.kind == kind), None)

    def strike(self, kind: str) -> Fault | None:
        """The same, and count it: one that strikes a number of times is used up."""
        fault = self.active(kind)
        if fault is not None:
            self.struck[kind] += 1
            if fault.times is not None:
                fault.times -= 1
                if fault.times == 0:
                    self._rules.remove(fault)
        return fault
