"""``gridhedge mirror``: hedges the positions of MT5 client accounts on an account at another broker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gridhedge.cli.mirror_options import MirrorSettings, password_of, settings_of, token
from gridhedge.cli.options import data_option
from gridhedge.cli.stopping import stop_signal
from gridhedge.domain.errors import UsageError
from gridhedge.store.lock import account_lock

if TYPE_CHECKING:
    from gridhedge.mirror.desk import Terminal

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group("mirror")
def command() -> None:
    """Hedge the positions of MT5 accounts: one center, a client per account, and a hedge broker.

    PATH is the terminal (terminal64.exe), or a bridge to one (tcp://HOST:PORT). PASSWORD may be "-": it is then taken
    from GRIDHEDGE_MT5_PASSWORD or .env, or asked for. PREFIX is how the broker writes symbols: m, .r, or #*; "-" for
    plain names.
    """


def _terminal_arguments(function: _Command) -> _Command:
    """The seed's positional arguments, and the options that all programs share."""
    for decorate in (
        click.argument("path", required=False),
        click.argument("login", type=int, required=False),
        click.argument("password", required=False),
        click.argument("server", required=False),
        click.argument("prefix", required=False),
        click.argument("exec_mode", required=False),
        click.argument("symbols", nargs=-1),
        click.option("--profile", type=click.Path(path_type=Path, dir_okay=False), help="The same settings as YAML."),
        click.option("--center", help="Where the center is.  [default: http://127.0.0.1:8100]"),
        click.option("--poll-ms", type=int, help="How often the terminal is looked at.  [default: 50]"),
        data_option,
    )[::-1]:
        function = decorate(function)
    return function


@command.command("center")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8100, show_default=True)
@data_option
def center(host: str, port: int, data_dir: Path) -> None:
    """The book of positions to hedge, as a web service. Needs GRIDHEDGE_MIRROR_TOKEN beyond this machine."""
    try:
        import uvicorn

        from gridhedge.mirror.center import application, check_token
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed; run: pip install 'gridhedge[mirror]'") from error
    secret = token()
    check_token(host, secret)
    lock = account_lock(data_dir / "mirror", "center", _now_ms())
    try:
        config = uvicorn.Config(
            application(data_dir / "mirror" / "center.sqlite3", secret), host, port, log_level="error", access_log=False
        )
        _say(f"the center listens on http://{host}:{port}")
        uvicorn.Server(config).run()
    finally:
        lock.release()


@command.command("client")
@_terminal_arguments
def client(data_dir: Path, **given: Any) -> None:
    """Watch one client account; each new position is sent to the center once."""
    _watch("client", data_dir, given, {})


@command.command("tumbler")
@_terminal_arguments
@click.option("--process", help="Executable to end when a position opens, or /a pattern of its command line/.")
@click.option("--grace", "grace_seconds", type=float, help="Seconds before it is killed.  [default: 3]")
@click.option("--dry-run", is_flag=True, help="Say what would be ended; end nothing.")
def tumbler(data_dir: Path, process: str | None, grace_seconds: float | None, dry_run: bool, **given: Any) -> None:
    """Like client; the moment a position opens, the named application of this user is ended."""
    _watch("tumbler", data_dir, given, {"process": process, "grace_seconds": grace_seconds}, dry_run)


@command.command("broker")
@_terminal_arguments
@click.option("--direction", type=click.Choice(["opposite", "same"]), help="Of the hedge.  [default: opposite]")
@click.option("--volume-ratio", type=Decimal, help="Hedge volume per volume.  [default: 1]")
@click.option("--max-volume", type=Decimal, help="No hedge is larger.")
@click.option("--deviation", type=int, help="Points that the price may move.  [default: 20]")
@click.option("--hedge-on-start", is_flag=True, default=None, help="Hedge what is pending at the start, too.")
@click.option("--keep-hedge", is_flag=True, default=None, help="Leave hedges open when their positions close.")
@click.option(
    "--fence", "fence_seconds", type=float, help="An order without a trace is sent again after so long.  [default: 180]"
)
def broker(data_dir: Path, **given: Any) -> None:
    """Watch the hedge account; when one of its positions closes, hedge what needs it."""
    names = ("direction", "volume_ratio", "max_volume", "deviation", "hedge_on_start", "keep_hedge", "fence_seconds")
    settings, terminal = _prepare(given, {name: given.pop(name) for name in names})
    from gridhedge.mirror.hedger import Rules
    from gridhedge.mirror.link import Link
    from gridhedge.mirror.program import BrokerProgram

    rules = Rules(
        settings.direction == "same",
        settings.volume_ratio,
        settings.max_volume,
        settings.keep_hedge,
        settings.hedge_on_start,
        round(settings.fence_seconds * 1000),
    )
    secret = token()
    links = Link(settings.center, secret), Link(settings.center, secret)
    home = data_dir / "mirror"
    lock = account_lock(home, f"broker-{settings.login}", _now_ms())
    try:
        file = home / f"broker-{settings.login}" / "broker.sqlite3"
        with stop_signal() as stop:
            BrokerProgram(terminal, file, links, rules, _say, settings.poll_ms / 1000).run(stop)
    finally:
        lock.release()


@command.command("status")
@click.option("--center", default="http://127.0.0.1:8100", show_default=True, help="Where the center is.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(center: str, as_json: bool) -> None:
    """Accounts, pending and hedged positions, and how far behind everything is."""
    from gridhedge.mirror.link import Link

    link = Link(center, token())
    try:
        told = {**link.get("/status/"), "live": link.get("/hedges/")}
    finally:
        link.close()
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    from rich.console import Console

    from gridhedge.cli.mirror_screen import tables

    console = Console()
    for table in tables(told):
        console.print(table)


@command.command("bridge")
@click.argument("path")
@click.option("--host", default="127.0.0.1", show_default=True, help="This machine only: others use an SSH tunnel.")
@click.option("--port", type=click.IntRange(0, 65535), default=18812, show_default=True)
def bridge(path: str, host: str, port: int) -> None:
    """Let programs on other machines drive the terminal at PATH (Windows, or Wine's Python)."""
    from gridhedge.venue.mt5.client import package
    from gridhedge.venue.mt5.terminal.bridge import Address, BridgeServer

    if host not in ("127.0.0.1", "localhost", "::1"):
        raise UsageError(f"{host}: whoever reaches a bridge can trade; listen on 127.0.0.1 and use an SSH tunnel")
    module = package()
    server = BridgeServer(lambda: module, Address(host, port), path)
    with stop_signal() as stop:
        server.start()
        _say(f"the bridge to {path} listens on {server.url}")
        stop.wait()
        server.stop()


def _watch(kind: str, data_dir: Path, given: dict[str, Any], more: dict[str, Any], dry_run: bool = False) -> None:
    settings, terminal = _prepare(given, more)
    from gridhedge.mirror.link import Link
    from gridhedge.mirror.program import ClientProgram
    from gridhedge.mirror.tumbler import Tumbler

    tumble = None
    if kind == "tumbler":
        if not settings.process:
            raise UsageError("the tumbler needs the name of the application to end: --process javaw.exe")
        tumble = Tumbler(settings.process, settings.grace_seconds, dry_run, _say).tumble
    home = data_dir / "mirror"
    lock = account_lock(home, f"{kind}-{settings.login}", _now_ms())
    try:
        link = Link(settings.center, token())
        file = home / f"{kind}-{settings.login}" / "client.sqlite3"
        with stop_signal() as stop:
            ClientProgram(terminal, file, link, _say, settings.poll_ms / 1000, tumble).run(stop)
    finally:
        lock.release()


def _prepare(given: dict[str, Any], more: dict[str, Any]) -> tuple[MirrorSettings, Terminal]:
    """Settings and the terminal that they name, nothing connected yet. Raises UsageError."""
    names = ("path", "login", "server", "prefix", "exec_mode", "symbols")
    arguments = {name: given[name] for name in names}
    settings = settings_of(given["profile"], arguments, more | {"center": given["center"], "poll_ms": given["poll_ms"]})
    password, is_shown = password_of(given["password"])
    if is_shown:
        _say("note: a password on the command line can be read by every user of this machine; write - instead")
    from gridhedge.mirror.desk import Terminal
    from gridhedge.venue.mt5.client import terminal_at
    from gridhedge.venue.mt5.terminal.connect import Access
    from gridhedge.venue.mt5.terminal.filling import Fillings
    from gridhedge.venue.mt5.terminal.names import SymbolNames

    access = Access(settings.path, settings.login, password.reveal(), settings.server)
    terminal = Terminal(
        terminal_at(settings.path),
        access,
        SymbolNames(settings.prefix),
        settings.symbols,
        Fillings(settings.exec_mode),
        time.time,
        settings.deviation,
    )
    return settings, terminal


def _say(text: str) -> None:
    click.echo(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {text}")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
