"""``gridhedge resume``: lift an emergency stop, after asking."""

from __future__ import annotations

from pathlib import Path

import click

from gridhedge.cli.accounts import one_account
from gridhedge.cli.options import account_option, data_option, yes_option
from gridhedge.domain.errors import EmergencyStop
from gridhedge.store.emergency import lift_emergency, read_emergency
from gridhedge.store.times import iso


@click.command("resume")
@account_option
@yes_option
@data_option
def command(account: str | None, yes: bool, data_dir: Path) -> None:
    """Explain an account's emergency stop and remove it, after asking."""
    name = one_account(data_dir, account)
    emergency = read_emergency(data_dir / name)
    if emergency is None:
        click.echo(f"{name}: no emergency stop is set")
        return
    rate = "" if emergency.mm_rate is None else f", margin rate {emergency.mm_rate:.2f} %"
    at = f" at {iso(emergency.time)}" if emergency.time else ""
    symbol = f"{emergency.symbol}: " if emergency.symbol else ""
    click.echo(f"{name} was stopped{at}: {symbol}{emergency.reason}{rate}")
    click.echo("Since then nothing was sent but what emergency_action asks for; look at positions and orders first.")
    if not yes and not click.confirm("Remove the stop, so that gridhedge run may trade this account again?"):
        raise EmergencyStop(f"account {name} stays stopped")
    lift_emergency(data_dir / name)
    click.echo(f"{name}: the stop is lifted; start the bot with gridhedge run")
