"""Events and outcomes as one readable line each, for logs and traces."""

from __future__ import annotations

from enum import Enum

from gridhedge.domain.events import Event
from gridhedge.domain.order import OrderKey
from gridhedge.engine.ports import Outcome

_UNTOLD = frozenset({"symbol", "client_id", "key", "at"})
"""What the id says already, and the time, which every line has."""
_USUALLY_EMPTY = frozenset({"reduce_only", "closing", "maker", "until"})


def told(made: Event | Outcome) -> str:
    """The kind of an event or outcome, the order that it speaks of, and every field that says something."""
    fields = made._asdict()
    words = [type(made).__name__]
    if fields.get("client_id"):
        words.append(fields["client_id"])
    elif fields.get("symbol"):
        words.append(fields["symbol"])
    for name, value in fields.items():
        if name in _UNTOLD or value is None or value == "" or (not value and name in _USUALLY_EMPTY):
            continue
        if isinstance(value, bool):
            words.append(name if value else f"not {name}")
        else:
            words.append(_plain(value) if name == "text" else f"{name} {_plain(value)}")
    return " ".join(words)


def _plain(value: object) -> str:
    if isinstance(value, OrderKey):
        return f"{value.side.value} {value.role.name} {value.level}"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return f"({', '.join(_plain(part) for part in value)})"
    return str(value)
