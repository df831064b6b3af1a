"""Who may ask: a signature over time and body that counts once, and the administrator's key."""

from __future__ import annotations

import hmac
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.values import Millis
from gridhedge.domain.wire import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from gridhedge.server.refusals import ApiError
from gridhedge.store.files import disk_failure, open_private, private_directory
from gridhedge.store.secret import Secret

__all__ = ["AdminKey", "Seen", "Signatures"]

_WINDOW_MS = 5 * 60 * 1000
_DIGITS = 13
"""Milliseconds since 1970, from 2001 to 2286."""


class Seen:
    """Signatures that have been used, until they are too old to be accepted anyway. They outlive the process, so that
    a kill opens no window for a replay. Raises DiskFailure."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        private_directory(path.parent)
        try:
            os.close(open_private(path, os.O_RDWR | os.O_CREAT))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            # Without waiting for the disk: what is lost in a power cut is older than the next request.
            self._db.executescript(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
                "CREATE TABLE IF NOT EXISTS seen (signature TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;"
                "CREATE INDEX IF NOT EXISTS by_age ON seen (until);"
            )
        except OSError as error:
            raise disk_failure(path, error) from error
        except sqlite3.Error as error:
            raise DiskFailure(f"{path}: signatures can not be kept there ({error}); remove the file") from error

    def is_new(self, signature: str, now: Millis, until: Millis) -> bool:
        """Remember a signature; False if it was there."""
        with self._lock:
            try:
                self._db.execute("DELETE FROM seen WHERE until < ?", (now,))
                added = self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (signature, until))
            except sqlite3.Error as error:
                raise DiskFailure(f"{self._path}: signatures can not be kept there ({error})") from error
            return added.rowcount == 1

    def close(self) -> None:
        with self._lock:
            self._db.close()


class Signatures:
    """Checks requests of the platform. Without a secret (this machine only) every request passes."""

    def __init__(self, secret: Secret | None, seen: Seen, clock: Callable[[], Millis]) -> None:
        self._secret = secret
        self._seen = seen
        self._clock = clock

    def check(self, timestamps: list[str], signatures: list[str], body: bytes) -> None:
        """Raises ApiError unless there is one signature, right, younger than five minutes, and never seen before.

        Neither method nor path is signed. So a signature counts once whatever it is sent to: otherwise an empty body
        that was signed to ask for a status could be used to delete a user.
        """
        if self._secret is None:
            return
        if len(timestamps) != 1 or len(signatures) != 1:
            raise _unsigned("MISSING_SIGNATURE", f"give {TIMESTAMP_HEADER} and {SIGNATURE_HEADER}, once each")
        timestamp, signature = timestamps[0], signatures[0]
        if len(timestamp) != _DIGITS or not (timestamp.isascii() and timestamp.isdigit()):
            raise _unsigned("BAD_TIMESTAMP", f"{TIMESTAMP_HEADER} is milliseconds since 1970, 13 digits")
        if not hmac.compare_digest(sign(self._secret.reveal(), timestamp, body).encode(), signature.encode()):
            raise _unsigned(
                "BAD_SIGNATURE", f"{SIGNATURE_HEADER} is not the hex HMAC-SHA256 of timestamp.body under BOT_SECRET"
            )
        now = self._clock()
        if abs(now - int(timestamp)) > _WINDOW_MS:
            raise _unsigned("STALE_TIMESTAMP", f"{TIMESTAMP_HEADER} is more than five minutes off; sign again")
        if not self._seen.is_new(signature, now, int(timestamp) + _WINDOW_MS):
            raise _unsigned("REPLAYED", "this signature has been used; sign again with another timestamp")


class AdminKey:
    """Checks the administrator's key. Without one there is no administrator."""

    def __init__(self, key: Secret | None) -> None:
        self._key = key

    def check(self, given: list[str]) -> None:
        """Raises ApiError unless the key is given, once and rightly."""
        if self._key is None:
            raise ApiError(403, "NO_ADMIN", "this server has no ADMIN_KEY; set one and start it again")
        if len(given) != 1:
            raise ApiError(401, "ADMIN_KEY_MISSING", "give X-Admin-Key, once")
        if not hmac.compare_digest(self._key.reveal().encode(), given[0].encode()):
            raise ApiError(401, "ADMIN_KEY_WRONG", "X-Admin-Key is not this server's")


def _unsigned(code: str, text: str) -> ApiError:
    return ApiError(401, code, text)
