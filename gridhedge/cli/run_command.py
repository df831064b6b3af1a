"""``gridhedge run``: the bot. Several profiles are several accounts in one process, a thread each."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import click

from gridhedge.cli.accounts import command_line
from gridhedge.cli.build import market_of, secrets_of
from gridhedge.cli.correspondence import correspondence_of, webhook_secret_of
from gridhedge.cli.errors import silence_stdout
from gridhedge.cli.options import data_option, leverage_option, profiles_option, symbol_option
from gridhedge.cli.profiles import open_profile, require_indicators
from gridhedge.cli.reload import Reload
from gridhedge.cli.runner import Options, Outcome, Runner, Show, emergency_sentence, log_failure
from gridhedge.cli.stopping import stop_signal
from gridhedge.dashboard.figures import money_text
from gridhedge.domain.errors import DiskFailure, GridhedgeError, RiskStop, UsageError
from gridhedge.profile.overrides import Overrides
from gridhedge.profile.settings import Profile
from gridhedge.profile.watch import ProfileWatch
from gridhedge.server.refusals import sentence_of
from gridhedge.store.emergency import read_emergency
from gridhedge.store.logs import Logs
from gridhedge.store.mask import Masker

_TURN_SECONDS = 0.0005
"""How long a thread that writes logs or draws the screen may keep the one that trades waiting for the interpreter."""

_LOOK_EVERY_S = 1.0


@click.command("run")
@profiles_option
@symbol_option
@leverage_option
@click.option("--ticks", type=click.IntRange(min=1), help="End by itself after so many ticks.")
@click.option("--no-dashboard", is_flag=True, help="Plain lines instead of the live screen.")
@click.option("--dry-run", is_flag=True, help="Decide and log, send nothing.")
@click.option("--debug", is_flag=True, help="Show what is logged, down to every decision, in place of the screen.")
@click.option("--live", is_flag=True, help="The second yes to real money.")
@click.option(
    "--i-accept-unrestricted-key",
    is_flag=True,
    help="Trade real money with a key that may transfer, or that works from every IP address; it is journaled.",
)
@click.option(
    "--await-resume",
    is_flag=True,
    help="Stopped by risk or disk, stay; an emergency stop, await its lifting: for supervisors that restart what ends.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Paper only: exchange seconds per second (0: no pause).",
)
@data_option
def command(
    profile: tuple[Path, ...],
    symbol: str | None,
    leverage: str | None,
    ticks: int | None,
    no_dashboard: bool,
    dry_run: bool,
    debug: bool,
    live: bool,
    i_accept_unrestricted_key: bool,
    await_resume: bool,
    speed: float,
    data_dir: Path,
) -> None:
    """Trade as one or more profiles say, until stopped (Ctrl-C, SIGTERM, gridhedge stop)."""
    sys.setswitchinterval(_TURN_SECONDS)
    said = Overrides(symbol, leverage)
    if said.told() and len(profile) > 1:
        raise UsageError("--symbol and --leverage are for one profile; of several, each says its own")
    options = Options(data_dir, ticks, speed, i_accept_unrestricted_key, said.told())
    with stop_signal() as stop:
        readers = [partial(_read, path, live, dry_run, said) for path in profile]
        profiles = [read() for read in readers]
        for each in profiles:
            require_indicators(each)
        refuse_twins(profiles)
        if await_resume:
            _await_resume(data_dir, [each.account for each in profiles], stop)
        markets = [market_of(each) for each in profiles]  # nothing is written before all of this is right
        signing = [webhook_secret_of(each) for each in profiles]
        known = [secret for market in markets for secret in secrets_of(market)]
        logs = Logs(data_dir, Masker([*known, *(secret for secret in signing if secret is not None)]))
        if debug:
            logs.console(sys.stderr, logging.DEBUG)
        with ExitStack() as stack:
            stack.callback(logs.close)
            failures: list[BaseException] = []
            runners: list[Runner] = []
            for path, read, each, market, secret in zip(profile, readers, profiles, markets, signing, strict=True):
                try:
                    told = correspondence_of(data_dir, each, secret)
                    if told is not None:
                        stack.callback(told.close)
                    runners.append(Runner(each, market, options, logs, stop, told.herald if told else None))
                    runners[-1].follow(Reload(path, each, ProfileWatch(path, read)))
                except GridhedgeError as error:
                    failures.append(error)
            gc.freeze()  # walking again and again through all that is loaded would hold up orders for milliseconds
            _trade(runners, no_dashboard or debug or not sys.stdout.isatty(), failures)
        if await_resume and failures:
            _stay_stopped(data_dir, [each.account for each in profiles], failures, stop)
    _tell_ends(runners, data_dir)
    for failure in failures[1:]:
        click.echo(f"gridhedge: {failure}", err=True)
    if failures:
        raise failures[0]


def refuse_twins(profiles: Sequence[Profile]) -> None:
    """Raises UsageError when two profiles name the same account."""
    seen: set[str] = set()
    for profile in profiles:
        if profile.account in seen:
            raise UsageError(f"two profiles name account {profile.account}: give each account one profile")
        seen.add(profile.account)


def _await_resume(data: Path, accounts: Sequence[str], stop: threading.Event) -> None:
    """Return once one of the accounts has no emergency stop, or when asked to end."""
    stops = [sentence for account in accounts if (sentence := emergency_sentence(data / account, account))]
    if len(stops) < len(accounts):
        return
    click.echo("\n".join(f"gridhedge: {sentence}; until then it waits" for sentence in stops), err=True)
    while not stop.wait(_LOOK_EVERY_S) and all(read_emergency(data / account) for account in accounts):
        pass


def _stay_stopped(
    data: Path, accounts: Sequence[str], failures: Sequence[BaseException], stop: threading.Event
) -> None:
    """What has been stopped without a stop file (a dry run, a disk that takes nothing) would be started again at once,
    and end the same way: stay until asked to end."""
    is_stopped = all(isinstance(failure, RiskStop | DiskFailure) for failure in failures)
    if is_stopped and len(failures) > sum(read_emergency(data / account) is not None for account in accounts):
        told = "; ".join(str(failure) for failure in failures)
        click.echo(f"gridhedge: {told}; until it is started again it waits", err=True)
        stop.wait()


def summary(outcome: Outcome, data: Path) -> str:
    """The last line about an account: what happened, and how to go on."""
    status = outcome.status
    why = "; the recorded prices have ended" if outcome.data_ended else ""
    ticks = f"{status.ticks} ticks" if status.ticks != 1 else "1 tick"
    orders = f"{outcome.orders} orders rest" if outcome.orders != 1 else "1 order rests"
    onwards = f"; {command_line('report', data, status.account)} tells what it earned"
    if status.dry_run:
        orders, onwards = "nothing was sent", ""
    elif not status.stop and not outcome.data_ended:
        onwards = f"; the same command goes on from here{onwards}"
    return (
        f"{status.account}: {ticks}, equity {money_text(status.margin_balance)} {status.quote} "
        f"({money_text(outcome.earned, '+')} in this run), {orders}{why}{onwards}"
    )


def _tell_ends(runners: Sequence[Runner], data: Path) -> None:
    """The last lines. That nobody reads them any more (``gridhedge run | head``) changes nothing."""
    try:
        for runner in runners:
            if runner.outcome is not None:
                click.echo(summary(runner.outcome, data))
    except BrokenPipeError:
        silence_stdout()


def _read(path: Path, live: bool, dry_run: bool, said: Overrides) -> Profile:
    """The profile with what the command line adds to it; also whenever the file has been edited."""
    profile = open_profile(path, live=live, said=said)
    return profile.model_copy(update={"dry_run": True}) if dry_run else profile


def _trade(runners: Sequence[Runner], plain: bool, failures: list[BaseException]) -> None:
    """One account in this thread, several in threads of their own: one that fails stops no other."""
    for failure in failures if runners else ():
        click.echo(f"gridhedge: {failure}; the other accounts go on", err=True)
    if not runners:
        return
    with _screen(plain) as show:
        if len(runners) == 1:
            _run_one(runners[0], show, failures)
            return
        threads = [
            threading.Thread(target=_run_one, args=(runner, show, failures, plain), name=runner.profile.account)
            for runner in runners
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _run_one(runner: Runner, show: Show, failures: list[BaseException], tell: bool = False) -> None:
    """Whatever an account fails with, its orders rest, its ledger is whole, and it must not take the others down.

    ``tell``: say it at once, because other accounts go on and the end may be far.
    """
    account, herald = runner.profile.account, runner.herald
    failed: BaseException | None = None
    if herald is not None:
        herald.changed("running", "stopped", "")
    try:
        runner.run(show)
    except Exception as error:
        failed = error
        log_failure(account, error)
    try:
        runner.close()
    except GridhedgeError as error:
        log_failure(account, error)
        failed = failed or error
    if herald is not None and failed is not None:
        herald.failed(sentence_of(failed))
    if herald is not None:
        herald.changed("error" if failed else "stopped", "running", sentence_of(failed))
    if failed is not None:
        failures.append(failed)
        if tell:
            click.echo(f"gridhedge: {failed}; the other accounts go on", err=True)


@contextmanager
def _screen(plain: bool) -> Iterator[Show]:
    if plain:
        from gridhedge.dashboard.plain import PlainLines

        yield PlainLines(click.echo).show
        return
    from gridhedge.dashboard.screen import Screen, terminal_console

    with Screen(terminal_console()) as screen:
        yield screen.show
