"""``gridhedge status``: running bots and what their accounts hold, read from what they leave on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gridhedge.cli.accounts import chosen_accounts, running
from gridhedge.cli.options import account_option, data_option, json_option
from gridhedge.engine.status import AccountStatus, SideStatus
from gridhedge.store.codec import encode_open
from gridhedge.store.emergency import read_emergency
from gridhedge.store.snapshot import read_status


@click.command("status")
@account_option
@json_option
@data_option
def command(account: str | None, as_json: bool, data_dir: Path) -> None:
    """Show running bots and what their accounts hold."""
    found = {name: _describe(data_dir, name) for name in chosen_accounts(data_dir, account)}
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    from gridhedge.cli.terminal import Terminal

    console = Terminal()
    for name in found:
        for line in _lines(data_dir, name):
            console.print(line, soft_wrap=True)


def _describe(data: Path, account: str) -> dict[str, Any]:
    status = read_status(data / account / "status.json", AccountStatus)
    emergency = read_emergency(data / account)
    return {
        "running": running(data, account),
        "emergency_stop": None if emergency is None else emergency.reason,
        "status": None if status is None else json.loads(encode_open(status)),
    }


def _lines(data: Path, account: str) -> list[str]:
    pid = running(data, account)
    emergency = read_emergency(data / account)
    status = read_status(data / account / "status.json", AccountStatus)
    state = f"running (process {pid})" if pid else "not running"
    if emergency is not None:
        state += f", EMERGENCY STOP: {emergency.reason}"
    lines = [f"[bold]{account}[/bold]: {state}"]
    if status is None:
        return [*lines, "  has left no status yet"]
    mode = "demo" if status.demo else "LIVE"
    lines.append(
        f"  {status.venue} {mode}: equity {status.margin_balance:.2f} {status.quote}, free {status.available:.2f}, "
        f"reserve {status.reserve:.2f}, margin rate {status.mm_rate:.2f} % of {status.mm_threshold} %"
    )
    for symbol in status.symbols:
        lines.append(f"  {symbol.symbol} at {symbol.last}")
        lines += [f"    {_side(side)}" for side in (symbol.long, symbol.short) if side.is_traded or side.quantity]
        lines += [f"    {note}" for note in symbol.notes]
    return lines + [f"  alarm: {alarm}" for alarm in (*status.alarms, *(a for s in status.symbols for a in s.alarms))]


def _side(side: SideStatus) -> str:
    levels = sum(1 for row in side.rows if row.filled)
    resting = len(side.rows) - levels
    average = f" @ {side.average:.8g}" if side.average is not None else ""
    exit_at = f", {side.exit} {side.take_profit}" if side.take_profit is not None else ""
    exit_at += f", stop-loss {side.stop_loss}" if side.stop_loss is not None else ""
    exit_at += f", capital {side.capital:.2f}" if side.capital is not None else ""
    return (
        f"{side.side.value}: {side.quantity}{average}, {levels} levels, {resting} resting{exit_at}, "
        f"unrealised {side.unrealised:.2f}, net realised {side.realised_net:.2f} in {side.cycles} cycles"
    )
