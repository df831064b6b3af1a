"""``gridhedge mirror status`` as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

__all__ = ["tables"]

_STATES = ("pending", "hedged", "closing", "unhedged", "closed")
_ABSENT_S = 10
_COLOURS = {"pending": "yellow", "hedged": "green", "closing": "yellow", "unhedged": "red"}


def tables(told: Mapping[str, Any]) -> list[Table]:
    """Programs and accounts, live positions, and what has happened last."""
    return [_accounts(told), _positions(told), _history(told)]


def _accounts(told: Mapping[str, Any]) -> Table:
    counts: dict[int, dict[str, int]] = {}
    for row in told["positions"]:
        counts.setdefault(row["account"], {})[row["status"]] = row["positions"]
    table = Table("account", "program", "seen", "lag", *_STATES, title="accounts")
    shown = set()
    for program in told["programs"]:
        account, age, lag = program["account"], program["age_seconds"], program["lag_ms"]
        shown.add(account)
        seen = Text(f"{age:.0f} s ago", style="red" if age > _ABSENT_S else "green")
        numbers = [str(counts.get(account, {}).get(state, "")) for state in _STATES]
        table.add_row(str(account), program["kind"], seen, "" if lag is None else f"{lag} ms", *numbers)
    for account in counts.keys() - shown:
        numbers = [str(counts[account].get(state, "")) for state in _STATES]
        table.add_row(str(account), Text("absent", style="red"), "", "", *numbers)
    return table


def _positions(told: Mapping[str, Any]) -> Table:
    table = Table("id", "account", "ticket", "position", "opened", "status", "hedge", title="live positions")
    for row in told["live"]:
        state = Text(row["status"], style=_COLOURS[row["status"]])
        if row["reason"]:
            state.append(f": {row['reason']}")
        hedge = f"{row['hedge_volume']} at {row['hedge_price']} ({row['hedge_ticket']})" if row["hedge_ticket"] else ""
        position = f"{row['side']} {row['open_volume']} {row['symbol']} at {row['price']}"
        table.add_row(str(row["id"]), str(row["account"]), str(row["ticket"]), position, row["opened_at"], state, hedge)
    return table


def _history(told: Mapping[str, Any]) -> Table:
    table = Table("time", "id", "what", title="last")
    for line in told["history"][:10]:
        table.add_row(line["at"], str(line["id"]), line["text"])
    return table
