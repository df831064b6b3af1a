"""``gridhedge stop``: ask a running bot to stop, and wait until it has."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from gridhedge.cli.accounts import chosen_accounts, running
from gridhedge.cli.options import account_option, data_option
from gridhedge.domain.errors import VenueError

_POLL_SECONDS = 0.1


@click.command("stop")
@account_option
@click.option("--timeout", type=click.FloatRange(min=0), default=30.0, show_default=True, help="Seconds to wait.")
@data_option
def command(account: str | None, timeout: float, data_dir: Path) -> None:
    """Stop running bots gracefully; orders stay or go as each profile's on_stop says.

    Accounts that one process trades together stop together.
    """
    for line in stop_accounts(data_dir, chosen_accounts(data_dir, account), timeout):
        click.echo(line)


def stop_accounts(data: Path, accounts: Sequence[str], timeout: float) -> list[str]:
    """Send SIGTERM to all, then wait for their locks to be free; a line for each.

    Raises VenueError when one is not after ``timeout`` seconds.
    """
    pids = {account: running(data, account) for account in accounts}
    for process in {pid for pid in pids.values() if pid is not None}:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    for account, pid in pids.items():
        while pid is not None and running(data, account) == pid:
            if time.monotonic() >= deadline:
                raise VenueError(
                    f"{account}: process {pid} has not stopped within {timeout:g} s; its log tells what it waits for"
                )
            time.sleep(_POLL_SECONDS)
    return [f"{account}: {'not running' if pid is None else 'stopped'}" for account, pid in pids.items()]
