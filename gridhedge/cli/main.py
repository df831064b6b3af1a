"""The ``gridhedge`` command. A command's module is imported when it is used, so that ``--help`` is instant."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Mapping, Sequence

import click

from gridhedge import __version__
from gridhedge.cli.errors import report

__all__ = ["COMMANDS", "app", "main"]

COMMANDS: Mapping[str, str] = {
    "init": "Ask venue, symbol and risk; write a profile and a .env.",
    "run": "Trade as one or more profiles say.",
    "check": "Try profile and keys against the venue; place nothing.",
    "plan": "Show the ladder that a profile means, as a table.",
    "status": "Show running bots and what their accounts hold.",
    "logs": "Show or follow an account's log.",
    "stop": "Stop a bot gracefully; orders stay as the profile says.",
    "resume": "Lift an emergency stop, after asking.",
    "close": "Panic: cancel all orders and close all positions, after asking.",
    "backtest": "Replay recorded candles with the live strategy and accounting.",
    "optimize": "Search parameters by replays, on all cores or a Dask cluster.",
    "candles": "Download recorded candles from a venue's public endpoint.",
    "report": "Profit, fees, funding and drawdown from the ledger.",
    "simulate": "Run the engine through simulated faults and judge every step.",
    "serve": "Serve many users through a REST API.",
    "mirror": "Hedge the positions of MT5 accounts at another broker.",
    "practice": "A local exchange that speaks a venue's own protocol.",
}
"""Name and help line. ``<name>`` is the attribute ``command`` of ``gridhedge.cli.<name>_command``."""


class _LazyGroup(click.Group):
    """A group that knows its commands by name and help line, and imports only the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if cmd_name not in COMMANDS:
            close = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            ctx.fail(f"There is no command {cmd_name!r}{f'; did you mean {close[0]}?' if close else '.'}")
        command = importlib.import_module(f"gridhedge.cli.{cmd_name}_command").command
        assert isinstance(command, click.Command), f"{cmd_name}: a command module exposes `command`"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="gridhedge", message="%(prog)s %(version)s")
def app() -> None:
    """Trades hedged grids on perpetual futures.

    Begin with: gridhedge run --profile configs/demo.yaml
    """


def main(arguments: Sequence[str] | None = None, program: str = "gridhedge") -> int:
    """Runs one command line (default: this process's) and returns its exit code. ``program``: how to call it again.

    0 done, 1 unexpected error, 2 wrong usage or profile, 3 venue refused or unreachable, 4 emergency stop is set,
    5 already running, 6 stopped by a risk limit, 130 interrupted, 141 nobody reads the output any more. A command
    ends otherwise than with 0 by raising a GridhedgeError or by ``ctx.exit(code)``.
    """
    try:
        with app.make_context(program, list(sys.argv[1:] if arguments is None else arguments)) as context:
            app.invoke(context)
        sys.stdout.flush()  # a broken pipe shows here, where it is still ours to answer
    except click.exceptions.Exit as end:
        return end.exit_code
    except (Exception, KeyboardInterrupt) as error:
        return report(error)
    return 0
