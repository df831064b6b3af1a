"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis

if TYPE_CHECKING:
    from gridhedge.replay.candles import Candles

profiles_option = click.option(
    "--profile",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    required=True,
    help="A profile; may be given several times, one per account.",
)
profile_option = click.option(
    "--profile", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The profile."
)
data_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="Where accounts keep their files.",
)
symbol_option = click.option("--symbol", help="In place of the symbol of a one-symbol profile.")
leverage_option = click.option("--leverage", help="In place of the profile's leverage, of every symbol.")
account_option = click.option("--account", help="The account; needed where there are several.")
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")

_REPLAYED = (
    click.option("--data", "files", type=click.Path(path_type=Path), multiple=True, required=True, help="Candle file."),
    click.option("--symbol", help="Replaces the symbol of a one-symbol profile."),
    click.option("--funding", "funding_files", type=click.Path(path_type=Path), multiple=True, help="Funding file."),
    click.option("--from", "start", help="First day or time, UTC: 2025-05-04 or 2025-05-04T12:00."),
    click.option("--to", "end", help="Last day or time (exclusive), UTC."),
    click.option("--balance", help="Begin with this much money (default: the paper venue's balance, else 1000)."),
    click.option("--allow-gaps", is_flag=True, help="Accept candle files with holes of more than a day."),
)


def replay_options(function: Callable[..., None]) -> Callable[..., None]:
    """What is replayed, and with which money."""
    for option in reversed(_REPLAYED):
        function = option(function)
    return function


def moment(option: str, text: str) -> Millis:
    """A day or time as a user writes it; UTC where it has no offset. Raises UsageError, naming the option."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: not a day or time; write 2025-05-04 or 2025-05-04T12:00") from error
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()) * 1000


def moment_within(option: str, text: str, candles: Candles) -> Millis:
    """A moment at which a candle of the data opens, or one that lies within them. Raises UsageError."""
    from gridhedge.replay.tables import utc

    at = moment(option, text)
    if not candles.start <= at <= int(candles.times[-1]):
        raise UsageError(
            f"{option} {text}: the candles of {candles.source} open from {utc(candles.start)} to "
            f"{utc(int(candles.times[-1]))} UTC; choose a time between, or leave out {option} to begin with the first"
        )
    return at


def amount(option: str, text: str | None) -> Decimal | None:
    """A price or a sum of money as a user writes it. Raises UsageError, naming the option."""
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise UsageError(f"{option} {text}: not a number") from error
    if not value.is_finite() or value <= 0:
        raise UsageError(f"{option} {text}: must be above zero")
    return value


def write_result(path: Path, text: str) -> None:
    """Write a file that the user asked for. Raises UsageError."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path}: can not be written ({error.strerror}); choose another file") from error


def check_folder(path: Path) -> None:
    """Raises UsageError where ``write_result`` could not write because the folder is missing: before long work."""
    if not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} does not exist; make it, or choose another file")
