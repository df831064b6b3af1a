"""``gridhedge serve``: many users through a REST API."""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gridhedge import __version__
from gridhedge.cli.options import data_option
from gridhedge.cli.stopping import stop_signal
from gridhedge.domain.errors import UsageError
from gridhedge.store.logs import Logs
from gridhedge.store.mask import Masker
from gridhedge.store.secret import SecretStore

if TYPE_CHECKING:
    from gridhedge.server.serve import Options, Secrets

_LOOK_EVERY_S = 0.5
_RELOADED = "GRIDHEDGE_SERVE"
"""How ``--reload`` hands its options to the process that it starts anew; there is no secret among them."""


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8082, show_default=True, help="0 takes a free one.")
@click.option(
    "--allowed-host",
    "hosts",
    multiple=True,
    help="A name by which clients address this server (also ALLOWED_HOSTS, with commas).",
)
@click.option(
    "--endpoint", "places", multiple=True, help="VENUE=URL: a practice exchange in place of the venue's own hosts."
)
@click.option("--live", is_flag=True, help="Let users trade real money: the second yes to it.")
@click.option("--reload", is_flag=True, help="Start anew when the code changes (for developers).")
@click.option("--debug", is_flag=True, help="Show what is logged, down to every decision.")
@data_option
def command(
    host: str,
    port: int,
    hosts: tuple[str, ...],
    places: tuple[str, ...],
    live: bool,
    reload: bool,
    debug: bool,
    data_dir: Path,
) -> None:
    """Serve many users through a REST API, each with a session of its own, until stopped (Ctrl-C, SIGTERM).

    BOT_SECRET signs requests, ADMIN_KEY opens administration and the page at /, ENCRYPTION_KEY seals the keys of
    users; all three from the environment or .env.
    """
    try:
        from gridhedge.server.serve import Options, check_exposure, start
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed; run: pip install 'gridhedge[server]'") from error
    named = (*hosts, *(name.strip() for name in os.environ.get("ALLOWED_HOSTS", "").split(",") if name.strip()))
    options = Options(host, port, data_dir, named, _endpoints(places), live, __version__)
    secrets = _secrets()
    check_exposure(options, secrets)
    if reload:
        _serve_reloading(options, debug)
        return
    logs, app = _application(options, secrets, debug)
    with closing(logs), stop_signal() as stop:
        handle = start(app, options)
        click.echo(f"gridhedge serves on {handle.url}{_remarks(secrets)}")
        while not stop.wait(_LOOK_EVERY_S):
            if not handle.thread.is_alive():
                raise handle.failure or UsageError("the server has ended by itself; the log tells more")
        handle.stop()


def _application(options: Options, secrets: Secrets, debug: bool) -> tuple[Logs, Any]:
    from gridhedge.cli.traders import LocalTraders
    from gridhedge.server.serve import assemble

    masker = Masker(secret for secret in secrets if secret is not None)
    logs = Logs(options.data, masker)
    if debug:
        logs.console(sys.stderr, logging.DEBUG)
    traders = LocalTraders(options.data, logs, masker)
    return logs, assemble(options, secrets, traders, logging.getLogger("gridhedge.server"))


def _serve_reloading(options: Options, debug: bool) -> None:
    import uvicorn

    import gridhedge
    from gridhedge.server.gate import HEAD_AT_MOST
    from gridhedge.server.protocol import Protocol

    told = options._replace(data=options.data.absolute())._asdict()
    os.environ[_RELOADED] = json.dumps({**told, "data": str(told["data"]), "debug": debug})
    click.echo(f"gridhedge serves on http://{options.host}:{options.port} and starts anew when the code changes")
    uvicorn.run(
        "gridhedge.cli.serve_command:reloaded",
        factory=True,
        reload=True,
        reload_dirs=[str(Path(gridhedge.__file__).parent)],
        host=options.host,
        port=options.port,
        http=Protocol,
        h11_max_incomplete_event_size=HEAD_AT_MOST,
        ws="none",
        lifespan="on",
        server_header=False,
        proxy_headers=False,
    )


def reloaded() -> Any:
    """The application, built in the process that ``--reload`` has started. It ends with that process."""
    from gridhedge.server.serve import Options

    told = json.loads(os.environ[_RELOADED])
    debug = told.pop("debug")
    options = Options(**{**told, "data": Path(told["data"]), "hosts": tuple(told["hosts"])})
    return _application(options, _secrets(), debug)[1]


def _secrets() -> Secrets:
    from gridhedge.server.serve import Secrets

    store = SecretStore(os.environ, Path(".env"))
    return Secrets(store.find("BOT_SECRET"), store.find("ADMIN_KEY"), store.find("ENCRYPTION_KEY"))


def _endpoints(places: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for place in places:
        name, equals, url = place.partition("=")
        if not equals or not name or not url:
            raise UsageError(f"--endpoint {place}: write VENUE=URL, such as bybit=http://127.0.0.1:8701")
        found[name] = url
    return found


def _remarks(secrets: Secrets) -> str:
    """What the operator should know, in the line that says where the server listens."""
    remarks = []
    if secrets.bot_secret is None:
        remarks.append("no BOT_SECRET: requests need no signature")
    if secrets.admin_key is None:
        remarks.append("no ADMIN_KEY: administration and the page are closed")
    if secrets.encryption_key is None:
        where = "derived from BOT_SECRET" if secrets.bot_secret is not None else "kept in the data folder"
        remarks.append(f"no ENCRYPTION_KEY: the key is {where}")
    return f" ({'; '.join(remarks)})" if remarks else ""
