"""Logs: the standard library's logging, into private files by account, kind and UTC day, with secrets masked.

    <data>/gridhedge_2025-10-16.log            all accounts, info and worse; other libraries' warnings
    <data>/001/bot_2025-10-16.log              debug and info of account 001
    <data>/001/errors_2025-10-16.log           warning and worse
    <data>/001/trades_…, positions_…           executions; changes of positions (both are in bot_… as well)

Lines are written by a thread of their own, some milliseconds later: masking and writing one takes longer than deciding
about an order, and no request should wait for it, nor for the interpreter. After a kill those milliseconds may be
missing here; the ledger has them.

A line reads ``2025-10-16T16:59:54.480+00:00 INFO account.001 placed symbol=DOGEUSDT price=0.19733``. Tracebacks
stand in the files only; a console shows the sentence.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple, TextIO

from gridhedge.domain.errors import DiskFailure
from gridhedge.store.files import open_private, private_directory, write_all
from gridhedge.store.mask import Masker

__all__ = ["AccountLogs", "DailyFile", "LineFormatter", "Logs", "line"]

_MAX_BYTES = 50_000_000
_KEEP_DAYS = 30
_LINGER_S = 0.01
"""How long lines wait for company. The request that an execution leads to has left by then."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BARE = re.compile(r"[^\s\"'=\x00-\x1f\x7f-\x9f]+")


def line(event: str, /, **facts: object) -> str:
    """``placed symbol=DOGEUSDT price=0.19733 why="next level"``: what happened, then its facts as key=value."""
    return " ".join([event, *[f"{name}={_fact(value)}" for name, value in facts.items()]])


def _fact(value: object) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    text = str(value.value if isinstance(value, Enum) else value)
    if _BARE.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class LineFormatter(logging.Formatter):
    """One record, one line, masked. Characters that could fake a line or steer a terminal are written as escapes."""

    def __init__(self, masker: Masker, *, tracebacks: bool) -> None:
        super().__init__()
        self._masker = masker
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        name = record.name.removeprefix("gridhedge.")
        text = f"{when} {record.levelname} {name} {_escaped(self._masker.mask(record.getMessage()))}"
        if self._tracebacks and record.exc_info and record.exc_info[0] is not None:
            trace = "".join(traceback.format_exception(*record.exc_info))
            text += "".join([f"\n  | {_escaped(part)}" for part in self._masker.mask(trace).splitlines()])
        return text


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


class DailyFile(logging.Handler):
    """Appends to ``<name>_<UTC day>.log``. A file that reaches ``max_bytes`` becomes ``….log.1``, the next ``….log.2``;
    files older than ``keep_days`` are deleted when a day begins.

    A log that can not be written never stops the bot (the ledger does): the lines lost are counted and told later.
    """

    def __init__(self, folder: Path, name: str, *, max_bytes: int = _MAX_BYTES, keep_days: int = _KEEP_DAYS) -> None:
        super().__init__()
        self._folder = folder
        self._name = name
        self._max_bytes = max_bytes
        self._keep_days = keep_days
        self._day: date | None = None
        self._fd = -1
        self._size = 0
        self.lost = 0
        """Lines that could not be written since the last one that could."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # a message that does not fit its arguments, or one that can not be shown
            text = f"{record.levelname} {record.name} unreadable log record ({type(error).__name__})"
        try:
            self._write(datetime.fromtimestamp(record.created, UTC).date(), text)
        except (OSError, DiskFailure):
            self.lost += 1

    def _write(self, day: date, text: str) -> None:
        if self.lost:
            text = f"\n{text}\n  | log_lines_lost={self.lost}"  # the last line may have been cut
        data = (text + "\n").encode("utf-8", "backslashreplace")
        self._turn_to(day, len(data))
        write_all(self._fd, data)
        self._size += len(data)
        self.lost = 0

    def _turn_to(self, day: date, coming: int) -> None:
        if self._fd >= 0 and day == self._day and (self._size == 0 or self._size + coming <= self._max_bytes):
            return
        path = self._folder / f"{self._name}_{day.isoformat()}.log"
        begins = self._day != day
        self._shut()
        if path.exists() and path.stat().st_size + coming > self._max_bytes:
            _set_aside(path)
        private_directory(self._folder)
        self._fd = open_private(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._size = os.fstat(self._fd).st_size
        self._day = day
        if begins:
            self._forget(day - timedelta(days=self._keep_days))

    def _forget(self, oldest: date) -> None:
        pattern = re.compile(rf"{re.escape(self._name)}_(\d{{4}}-\d\d-\d\d)\.log(\.\d+)?")
        for path in self._folder.iterdir():
            match = pattern.fullmatch(path.name)
            if match and match[1] < oldest.isoformat():
                path.unlink(missing_ok=True)

    def _shut(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def close(self) -> None:
        self.acquire()
        try:
            self._shut()
        finally:
            self.release()
        super().close()


def _set_aside(path: Path) -> None:
    number = 1
    while (target := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    path.rename(target)


class Channel:
    """A logger for the thread that trades: it leaves the line, or what ``str`` makes one of later, and its time."""

    __slots__ = ("_logger", "_put")

    def __init__(self, logger: logging.Logger, put: Callable[[_Line], object]) -> None:
        self._logger = logger
        self._put = put

    def log(self, level: int, text: object) -> None:
        self._put(_Line(self._logger, level, text, time.time()))

    def debug(self, text: object) -> None:
        self.log(logging.DEBUG, text)

    def info(self, text: object) -> None:
        self.log(logging.INFO, text)

    def warning(self, text: object) -> None:
        self.log(logging.WARNING, text)

    def critical(self, text: object) -> None:
        self.log(logging.CRITICAL, text)


class AccountLogs(NamedTuple):
    """What one account logs into. A trade or position goes into its own file and into ``bot`` as well."""

    bot: Channel
    trades: Channel
    positions: Channel


class _Line(NamedTuple):
    """A line of a channel, of which the writer makes a record."""

    logger: logging.Logger
    level: int
    text: object
    created: float

    def record(self) -> logging.LogRecord:
        record = logging.LogRecord(self.logger.name, self.level, "", 0, self.text, None, None)
        record.created = self.created
        return record


_Record = tuple[logging.Handler, logging.LogRecord]


class _Writer:
    """The thread that writes. It ends with ``close``; what was put before is written first."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[_Record | _Line | threading.Event | None] = SimpleQueue()
        self.put = self._waiting.put
        self._thread = threading.Thread(target=self._write, name="logs", daemon=True)
        self._thread.start()

    def _write(self) -> None:
        while (item := self._next()) is not None:
            if isinstance(item, threading.Event):
                item.set()
            elif isinstance(item, _Line):
                item.logger.handle(item.record())
            else:
                handler, record = item
                handler.handle(record)

    def take(self, handler: logging.Handler, record: logging.LogRecord) -> None:
        """Let the thread write it; now, if this is the thread."""
        if threading.current_thread() is self._thread:
            handler.handle(record)
        else:
            self.put((handler, record))

    def _next(self) -> _Record | _Line | threading.Event | None:
        if self._waiting.empty():
            first = self._waiting.get()
            time.sleep(_LINGER_S)
            return first
        return self._waiting.get()

    def flush(self) -> None:
        """Return when everything that was put has been written."""
        done = threading.Event()
        self.put(done)
        while not done.wait(1.0) and self._thread.is_alive():
            pass

    def close(self) -> None:
        self.put(None)
        self._thread.join()


class _Later(logging.Handler):
    """Hands a record to the writer; the handler behind it is the one that filters and writes."""

    def __init__(self, handler: logging.Handler, writer: _Writer) -> None:
        super().__init__(handler.level)
        self._handler = handler
        self._take = writer.take

    def emit(self, record: logging.LogRecord) -> None:
        self._take(self._handler, record)

    def close(self) -> None:
        self._handler.close()
        super().close()


class Logs:
    """All log files of a data folder; one per process. ``close`` takes the handlers off again."""

    def __init__(self, data: Path, masker: Masker) -> None:
        self._data = data
        self._masker = masker
        self._writer = _Writer()
        self._attached: list[tuple[logging.Logger, logging.Handler]] = []
        self._accounts: dict[str, AccountLogs] = {}
        root = logging.getLogger()
        # Libraries that find no handler at the root print for themselves, unmasked.
        self._attach(root, DailyFile(data, "gridhedge"), logging.INFO)
        logging.getLogger("gridhedge").setLevel(logging.DEBUG)
        logging.captureWarnings(True)
        self._threads_hook = threading.excepthook
        threading.excepthook = _log_thread_crash

    def account(self, account: str) -> AccountLogs:
        """What an account logs into, in its folder; the same each time."""
        if account in self._accounts:
            return self._accounts[account]
        folder = self._data / account
        bot = logging.getLogger(f"gridhedge.account.{account}")
        self._attach(bot, DailyFile(folder, "bot"), logging.DEBUG, below=logging.WARNING)
        self._attach(bot, DailyFile(folder, "errors"), logging.WARNING)
        trades, positions = bot.getChild("trades"), bot.getChild("positions")
        self._attach(trades, DailyFile(folder, "trades"), logging.DEBUG)
        self._attach(positions, DailyFile(folder, "positions"), logging.DEBUG)
        channels = [Channel(logger, self._writer.put) for logger in (bot, trades, positions)]
        self._accounts[account] = AccountLogs(*channels)
        return self._accounts[account]

    def console(self, stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
        """Show the lines of this level and worse, too, without tracebacks: where there is no dashboard."""
        self._attach(logging.getLogger("gridhedge"), logging.StreamHandler(stream), level, tracebacks=False)

    def flush(self) -> None:
        """Return when everything that has been logged so far is in its file."""
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()
        for logger, handler in self._attached:
            logger.removeHandler(handler)
            handler.close()
        self._attached.clear()
        self._accounts.clear()
        logging.captureWarnings(False)
        threading.excepthook = self._threads_hook

    def _attach(
        self,
        logger: logging.Logger,
        handler: logging.Handler,
        level: int,
        *,
        below: int | None = None,
        tracebacks: bool = True,
    ) -> None:
        handler.setLevel(level)
        handler.setFormatter(LineFormatter(self._masker, tracebacks=tracebacks))
        if below is not None:
            handler.addFilter(_below(below))
        later = _Later(handler, self._writer)
        logger.addHandler(later)
        self._attached.append((logger, later))


def _below(level: int) -> Callable[[logging.LogRecord], bool]:
    return lambda record: record.levelno < level


def _log_thread_crash(crash: threading.ExceptHookArgs) -> None:
    """A thread of a client library that dies would print its traceback, unmasked, over the screen."""
    if crash.exc_type is SystemExit:
        return
    error = crash.exc_value or crash.exc_type()
    name = crash.thread.name if crash.thread else "unknown"
    logging.getLogger("gridhedge.thread").critical(
        line("thread_died", thread=name, error=type(error).__name__),
        exc_info=(crash.exc_type, error, crash.exc_traceback),
    )
