"""How an error leaves the program: one sentence on stderr and an exit code; a traceback goes to the log only."""

from __future__ import annotations

import os
import sys

import click

from gridhedge.domain.errors import GridhedgeError

__all__ = ["BROKEN_PIPE", "INTERRUPTED", "UNEXPECTED", "report", "silence_stdout"]

UNEXPECTED = 1
INTERRUPTED = 130
"""128 + SIGINT, as shells count."""
BROKEN_PIPE = 141
"""128 + SIGPIPE: who read our output went away."""


def report(error: BaseException) -> int:
    """Says what happened, if anything needs saying, and returns the exit code."""
    match error:
        case GridhedgeError():
            _say(f"gridhedge: {error}")
            return error.exit_code
        case click.ClickException():
            error.show()
            return error.exit_code
        case BrokenPipeError():
            silence_stdout()
            return BROKEN_PIPE
        case KeyboardInterrupt() | click.Abort():
            _say("gridhedge: interrupted")
            return INTERRUPTED
    _say(f"gridhedge: {_unexpected(error)}")
    return UNEXPECTED


def _unexpected(error: BaseException) -> str:
    import logging  # here, because nothing else of `gridhedge --help` needs it

    first_line = str(error).partition("\n")[0]
    what = (
        f"unexpected error: {type(error).__name__}: {first_line}"
        if first_line
        else f"unexpected error: {type(error).__name__}"
    )
    if os.environ.get("GRIDHEDGE_DEBUG"):
        import traceback

        return f"{what}\n{''.join(traceback.format_exception(error)).rstrip()}"
    logger = logging.getLogger("gridhedge")
    if logger.hasHandlers():
        logger.critical("unexpected error", exc_info=error)
        return f"{what}; details in the log"
    return f"{what}; GRIDHEDGE_DEBUG=1 shows details"


def _say(text: str) -> None:
    try:
        click.echo(text, err=True)
    except BrokenPipeError:
        return  # nobody listens; the exit code still tells


def silence_stdout() -> None:
    """Lets the interpreter flush at exit without a second complaint."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
