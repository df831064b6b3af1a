"""What the programs of the mirror are told: the seed's positional arguments, options, or a YAML profile."""

from __future__ import annotations

import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gridhedge.domain.errors import UsageError
from gridhedge.store.secret import Secret, SecretStore

__all__ = ["TOKEN", "MirrorSettings", "password_of", "settings_of", "token"]

TOKEN = "GRIDHEDGE_MIRROR_TOKEN"
_PASSWORD = "GRIDHEDGE_MT5_PASSWORD"


class MirrorSettings(BaseModel):
    """One program of the mirror. The names are those of the command line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(min_length=1)]
    login: Annotated[int, Field(gt=0, lt=2**63)]
    server: Annotated[str, Field(min_length=1)]
    prefix: str = ""
    exec_mode: Literal["auto", "fok", "ioc", "return"] = "auto"
    symbols: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    center: str = "http://127.0.0.1:8100"
    poll_ms: Annotated[int, Field(ge=10, le=10_000)] = 50
    direction: Literal["opposite", "same"] = "opposite"
    volume_ratio: Annotated[Decimal, Field(gt=0, le=1000)] = Decimal(1)
    max_volume: Annotated[Decimal, Field(gt=0)] | None = None
    deviation: Annotated[int, Field(ge=0, le=100_000)] = 20
    hedge_on_start: bool = False
    keep_hedge: bool = False
    fence_seconds: Annotated[float, Field(ge=1, le=3600)] = 180
    process: str = ""
    grace_seconds: Annotated[float, Field(ge=0, le=600)] = 3


def settings_of(profile: Path | None, arguments: dict[str, Any], options: dict[str, Any]) -> MirrorSettings:
    """Profile, then positional arguments, then options that were given: the later ones count.

    Raises UsageError, naming file and field.
    """
    values: dict[str, Any] = _read(profile) if profile is not None else {}
    given = {**arguments, **options}
    values |= {name: value for name, value in given.items() if value not in (None, ())}
    if isinstance(values.get("exec_mode"), str):
        values["exec_mode"] = values["exec_mode"].lower()
    try:
        return MirrorSettings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise UsageError(f"{field.upper()} is missing: gridhedge mirror … PATH LOGIN PASSWORD SERVER") from None
        place = f"{profile}: " if profile is not None else ""
        raise UsageError(f"{place}{field}: {first['msg']}, not {first['input']!r}") from None


def _read(profile: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(profile.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{profile} can not be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise UsageError(f"{profile}: write one setting per line, such as login: 501234")
    if "password" in values:
        raise UsageError(f"{profile}: password does not belong here; put {_PASSWORD}=... into .env")
    return values


def password_of(given: str | None) -> tuple[Secret, bool]:
    """The password, and whether it stands on the command line: there everybody on this machine can read it.

    ``-`` or nothing: the environment, .env, or a question. Raises UsageError where nobody can be asked.
    """
    if given is not None and given != "-":
        return Secret(given), True
    found = SecretStore(os.environ, Path(".env")).find(_PASSWORD)
    if found is not None:
        return found, False
    if not sys.stdin.isatty():
        raise UsageError(f"{_PASSWORD} is set nowhere: add the line {_PASSWORD}=... to .env (mode 0600), or export it")
    return Secret(click.prompt("MT5 password", hide_input=True)), False


def token() -> Secret | None:
    """The shared token of all programs of a mirror, if there is one."""
    return SecretStore(os.environ, Path(".env")).find(TOKEN)
