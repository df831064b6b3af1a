"""The emergency stop: a file that stops an account until a person removes it with ``gridhedge resume``."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.values import Millis
from gridhedge.store.codec import decode_open, encode_open
from gridhedge.store.files import atomic_write, disk_failure, open_private, private_directory, sync_directory

__all__ = ["FILE_NAME", "Emergency", "lift_emergency", "raise_emergency", "read_emergency"]

FILE_NAME = ".emergency_stop"


class Emergency(NamedTuple):
    """Why an account was stopped. ``mm_rate`` is the maintenance margin rate in percent at that moment, if known."""

    time: Millis
    symbol: str
    reason: str
    mm_rate: Decimal | None = None


def raise_emergency(folder: Path, emergency: Emergency) -> None:
    """Set the stop, durably. A stop that is set already stays as it is: the first reason is the one to look at.

    Raises DiskFailure; on a full disk an empty file is still tried, which counts as a stop like any other.
    """
    path = folder / FILE_NAME
    if os.path.lexists(path):
        return
    private_directory(folder)
    try:
        content = json.dumps(json.loads(encode_open(emergency)), indent=2)
        atomic_write(path, (content + "\n").encode())
    except DiskFailure:
        with suppress(OSError):
            os.close(open_private(path, os.O_WRONLY | os.O_CREAT))
        raise


def read_emergency(folder: Path) -> Emergency | None:
    """The stop that is set, None if there is none. A file that can not be read or understood is a stop, too."""
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
        return decode_open(Emergency, text)
    except FileNotFoundError:
        if not os.path.lexists(path):
            return None
        reason = "it points nowhere"
    except (OSError, ValueError) as error:
        reason = str(error)
    return Emergency(0, "", f"{path} is set but can not be read ({reason})")


def lift_emergency(folder: Path) -> None:
    """Remove the stop, durably; only ever on a person's explicit word. Raises DiskFailure."""
    path = folder / FILE_NAME
    try:
        path.unlink(missing_ok=True)
        sync_directory(folder)
    except OSError as error:
        raise disk_failure(path, error) from error
