"""``gridhedge close``: panic. Cancel all of the bot's orders and close all of its positions, after asking."""

from __future__ import annotations

import time
from pathlib import Path

import click

from gridhedge.cli.accounts import command_line, known_accounts, running
from gridhedge.cli.audience import FileAudience
from gridhedge.cli.build import Market, RealVenue, market_of, paper_file, paper_venue, real_venue, restored, secrets_of
from gridhedge.cli.options import data_option, profile_option, yes_option
from gridhedge.cli.profiles import open_profile
from gridhedge.cli.ready import make_ready
from gridhedge.cli.stop_command import stop_accounts
from gridhedge.dashboard.figures import money_text
from gridhedge.domain.errors import UsageError, VenueError
from gridhedge.engine.assemble import Parts, assemble
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.liquidate import close_everything
from gridhedge.profile.settings import Profile
from gridhedge.store.emergency import Emergency, raise_emergency
from gridhedge.store.ledger import Ledger, open_ledger
from gridhedge.store.lock import RunLock, account_lock
from gridhedge.store.logs import Logs
from gridhedge.store.mask import Masker
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.venue import PaperVenue

_STOP_SECONDS = 30.0


@click.command("close")
@profile_option
@yes_option
@click.option("--live", is_flag=True, help="The second yes to real money.")
@data_option
def command(profile: Path, yes: bool, live: bool, data_dir: Path) -> None:
    """Stop the bot, cancel its orders, close its positions at market, and keep it stopped; after asking.

    A stop is set, so that nothing starts the bot again before ``gridhedge resume``.
    """
    settings = open_profile(profile, live=live)
    if settings.dry_run:
        raise UsageError(f"{profile}: dry_run is set, and close sends orders; write dry_run: false to mean it")
    account = settings.account
    market = market_of(settings)
    if isinstance(market, Exchange) and not paper_file(data_dir, account).exists():
        raise UsageError(f"{data_dir}: account {account} has never traded here; check --data-dir and the profile")
    pid = running(data_dir, account)
    others = [name for name in known_accounts(data_dir) if pid and name != account and running(data_dir, name) == pid]
    money = "REAL MONEY" if settings.venue.real_money else "demo"
    symbols = ", ".join(settings.traded)
    if others:
        click.echo(f"The same process trades {', '.join(others)}, too: it is stopped, and their orders stay.")
    if not yes and not click.confirm(f"Close everything of account {account} ({money}) on {symbols} at market?"):
        click.echo(f"{account}: nothing was sent")
        raise click.Abort
    if pid is not None:
        click.echo("\n".join(stop_accounts(data_dir, [account, *others], _STOP_SECONDS)))
    for line in _close(settings, market, data_dir):
        click.echo(line)


def _close(profile: Profile, market: Market, data: Path) -> list[str]:
    account = profile.account
    folder = data / account
    now = time.time_ns() // 1_000_000
    logs = Logs(data, Masker(secrets_of(market)))
    locks: list[RunLock] = []
    try:
        with account_lock(data, account, now):
            venue = opened_venue(profile, market, data)
            try:
                _prepare(profile, venue, locks, folder)
                ledger, damaged = open_ledger(folder / "ledger.sqlite3")
                try:
                    left, equity = flatten(profile, venue, ledger, folder, logs)
                finally:
                    ledger.close()
            finally:
                venue.close()
                for lock in locks:
                    lock.release()
    finally:
        logs.close()
    if left:
        raise VenueError(f"account {account}: still open after several tries: {', '.join(left)}; try again")
    flat = f"{account}: flat, no orders, equity {equity}; {command_line('resume', data, account)} lifts the stop"
    return [damaged, flat] if damaged else [flat]


def _prepare(profile: Profile, venue: PaperVenue | RealVenue, locks: list[RunLock], folder: Path) -> None:
    """Set the stop, and make sure that the account can be closed. A venue that can not be reached now leaves it
    stopped, so that nothing trades on; a bot that trades these symbols from another folder does not."""
    stop = Emergency(time.time_ns() // 1_000_000, "", "closed by hand (gridhedge close)")
    try:
        if not isinstance(venue, PaperVenue):
            make_ready(venue, profile, locks)
    except VenueError:
        raise_emergency(folder, stop)
        click.echo(f"{profile.account}: stopped, but nothing is closed yet")
        raise
    raise_emergency(folder, stop)


def opened_venue(profile: Profile, market: Market, data: Path) -> PaperVenue | RealVenue:
    """The profile's venue to close everything on, with what its embedded exchange has kept; it must be closed."""
    if isinstance(market, Exchange):
        return paper_venue(profile, market, restored(market, paper_file(data, profile.account)))
    # Closing is not made more dangerous by what else the key may do.
    return real_venue(profile, market, accepts_unrestricted_key=True, folder=data / profile.account)


def flatten(
    profile: Profile, venue: PaperVenue | RealVenue, ledger: Ledger, folder: Path, logs: Logs
) -> tuple[list[str], str]:
    """Close everything, and bring log, state and status in line; what is left open, and the equity."""
    quote = venue.instrument(profile.symbols[0].symbol).quote
    account_logs = logs.account(profile.account)
    audience = FileAudience(folder, account_logs, ledger, not profile.venue.real_money, quote)
    parts = Parts(venue, ledger, venue, DequeInbox(), audience)
    loop = assemble(profile, parts, ledger.events(), sets_leverage=False)
    audience.attend(loop)
    account_logs.bot.warning("closing everything by hand (gridhedge close)")
    left = close_everything(loop.session)
    audience.stepped()
    status = audience.publish(lambda status: None, last=True)
    return left, f"{money_text(status.margin_balance)} {quote}"
