"""Secrets: a type that never shows itself, and where keys are found (keyring, environment, a private .env file)."""

from __future__ import annotations

import importlib
import io
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Self

from dotenv.parser import parse_stream

from gridhedge.domain.errors import UsageError

__all__ = ["ApiKeys", "Secret", "SecretStore"]

_MASKED = "***"


class Secret:
    """A text that only ``reveal`` shows: printed, formatted, logged, copied or pickled it is three stars."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself: for signing and logging in, and for the mask of the logs."""
        return self._value

    def __repr__(self) -> str:
        return _MASKED

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return _MASKED

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Mapping[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return Secret, (_MASKED,)


class ApiKeys(NamedTuple):
    """What signs requests. ``passphrase`` is None on venues that have none."""

    key: Secret
    secret: Secret
    passphrase: Secret | None = None

    def values(self) -> tuple[Secret, ...]:
        """All of them, for the mask of the logs."""
        return tuple([value for value in self if value is not None])


class SecretStore:
    """Looks a name up in the keyring (service ``gridhedge``, if installed), in the environment, in the file that
    ``<NAME>_FILE`` names there (as Docker and Kubernetes hand secrets in), in a .env file.

    The .env file must be mode 0600 (or stricter) and our own. Raises UsageError, naming file and line, if it is not, or
    if it can not be understood.
    """

    def __init__(self, environment: Mapping[str, str], env_file: Path | None = None) -> None:
        self._file = env_file
        self._sources = (environment, _read_env_file(env_file) if env_file else {})

    def find(self, name: str) -> Secret | None:
        environment, file = self._sources
        value = _from_keyring(name) or environment.get(name) or _from_mounted(name, environment) or file.get(name)
        return Secret(value) if value else None

    def api_keys(self, account: str, venue: str, *, passphrase: bool = False) -> ApiKeys:
        """The keys of an account: ``001_BYBIT_API_KEY``, ``…_API_SECRET`` and, where the venue wants one,
        ``…_API_PASSPHRASE``; without the account's number if there are none with it. Never a mixture of the two.

        Raises UsageError when one is missing.
        """
        own, plain = f"{account}_{venue}".upper(), venue.upper()
        for prefix in (own, plain):
            if (key := self.find(f"{prefix}_API_KEY")) is not None:
                secret = self._partner(prefix, "SECRET")
                return ApiKeys(key, secret, self._partner(prefix, "PASSPHRASE") if passphrase else None)
        self._missing(f"{own}_API_KEY", f" (or {plain}_API_KEY)")

    def _partner(self, prefix: str, part: str) -> Secret:
        """The rest of a key that was found; ``BITGET_PASSPHRASE`` is as good as ``BITGET_API_PASSPHRASE``, and
        ``BITGET_SECRET_KEY`` as ``BITGET_API_SECRET``."""
        names = (f"{prefix}_API_{part}", f"{prefix}_{part}", *([f"{prefix}_SECRET_KEY"] if part == "SECRET" else []))
        found = next(filter(None, map(self.find, names)), None)
        return found or self._missing(f"{prefix}_API_{part}", "")

    def _missing(self, name: str, alternative: str) -> NoReturn:
        place = self._file or "a .env file (mode 0600)"
        raise UsageError(f"{name}{alternative} is set nowhere; add the line {name}=... to {place}, or export it")


def _from_keyring(name: str) -> str | None:
    """The keyring is optional, and a locked or absent one (servers have none) is the same as an empty one."""
    try:
        keyring: Any = importlib.import_module("keyring")
    except ImportError:
        return None
    try:
        value: str | None = keyring.get_password("gridhedge", name)
    except keyring.errors.KeyringError:
        return None
    return value


def _from_mounted(name: str, environment: Mapping[str, str]) -> str | None:
    """What lies in the file that ``<NAME>_FILE`` names. Its owner and mode are the orchestrator's affair."""
    path = environment.get(f"{name}_FILE")
    if not path:
        return None
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = "not a text in UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise UsageError(f"{name}_FILE={path}: can not be read ({why}); mount the secret there, or unset it") from error
    if not value:
        raise UsageError(f"{name}_FILE={path}: is empty; write the secret into it, or unset it")
    return value


def _read_env_file(path: Path) -> dict[str, str]:
    text = _read_private(path)
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            # The line itself may hold a secret: its number has to do.
            raise UsageError(f"{path}, line {binding.original.line}: not NAME=value; correct or remove the line")
        if binding.key is not None and binding.value:
            values[binding.key] = binding.value
    return values


def _read_private(path: Path) -> str:
    """The text of a file that only we can read; empty when there is none. The check is of the file that is read."""
    try:
        with path.open("rb") as file:
            _check_private(path, os.fstat(file.fileno()))
            return file.read().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a text file in UTF-8; save it again as UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: can not be read ({error.strerror}); try: chmod 600 {path}") from error


def _check_private(path: Path, status: os.stat_result) -> None:
    if sys.platform == "win32":
        return  # access lists, not modes: the user's profile folder is private by default
    if status.st_uid != os.geteuid():
        raise UsageError(f"{path}: belongs to another user, who can read the keys in it; make a copy of your own")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(status.st_mode)
        raise UsageError(f"{path}: other users may read the keys in it (mode {mode:04o}); run: chmod 600 {path}")
