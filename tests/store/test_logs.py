"""Logs: where a line goes, how it looks, what never gets in."""

from __future__ import annotations

import io
import logging
import os
import stat
import threading
import warnings
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import quote

import pytest

from gridhedge.domain.values import Side
from gridhedge.store.logs import DailyFile, LineFormatter, Logs, line
from gridhedge.store.mask import Masker
from gridhedge.store.secret import ApiKeys, Secret
from tests.patience import PATIENCE_S


@pytest.fixture
def masker():
    return Masker()


@pytest.fixture
def logs(tmp_path, masker):
    logs = Logs(tmp_path, masker)
    yield logs
    logs.close()


def texts(folder):
    """Contents by name, days left out of the names."""
    return {path.name.split("_2")[0]: path.read_text() for path in sorted(folder.glob("*.log"))}


def at(day, text="line", level=logging.INFO):
    """A record of noon of a day."""
    record = logging.LogRecord("gridhedge.account.001", level, __file__, 1, text, None, None)
    record.created = datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()
    return record


def test_each_line_goes_into_the_files_of_its_account_and_kind(tmp_path, logs):
    """debug and info into bot, warning and worse into errors, trades and positions apart, info and worse in common."""
    first, second = logs.account("001"), logs.account("002")
    first.bot.debug("one")
    first.bot.info("two")
    first.bot.warning("three")
    first.bot.critical("four")
    first.trades.info("five")
    first.positions.info("six")
    second.bot.info("seven")
    logs.flush()

    def words(folder):
        return {name: [part.split()[-1] for part in text.splitlines()] for name, text in texts(folder).items()}

    assert words(tmp_path / "001") == {
        "bot": ["one", "two", "five", "six"],
        "errors": ["three", "four"],
        "trades": ["five"],
        "positions": ["six"],
    }
    assert words(tmp_path / "002") == {"bot": ["seven"]}
    assert words(tmp_path) == {"gridhedge": ["two", "three", "four", "five", "six", "seven"]}


def test_files_are_private_and_named_by_the_day_in_utc(tmp_path, logs):
    """0600 in a folder of 0700."""
    bot = logs.account("001").bot
    before = datetime.now(UTC).date()
    bot.info("x")
    logs.flush()
    (path,) = (tmp_path / "001").iterdir()
    assert path.name in {f"bot_{day}.log" for day in (before, datetime.now(UTC).date())}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "001").stat().st_mode) == 0o700


def test_a_line_tells_time_level_source_event_and_facts(tmp_path):
    """Decimals without exponent, enums by value, texts with blanks in quotes, the secret masked."""
    handler = DailyFile(tmp_path, "bot")
    handler.setFormatter(LineFormatter(Masker(), tracebacks=True))
    text = line(
        "placed", side=Side.LONG, price=Decimal("1E+2"), level=1, why='next "level"', key=Secret("xyzxyz"), none=None
    )
    handler.handle(at("2025-10-16", text))
    handler.close()
    assert (tmp_path / "bot_2025-10-16.log").read_text() == (
        '2025-10-16T12:00:00.000+00:00 INFO account.001 placed side=long price=100 level=1 why="next \\"level\\"" '
        "key=*** none=None\n"
    )


def test_foreign_text_can_neither_fake_a_line_nor_steer_the_terminal(tmp_path, logs):
    """Line ends and escape sequences are written as escapes; half characters do not stop the log."""
    logs.account("001").bot.info(line("refused", text="no\n2025 INFO forged\x1b[2J\x9b\u2028\ud800"))
    logs.flush()
    text = texts(tmp_path / "001")["bot"]
    assert text.count("\n") == 1
    assert r'text="no\n2025 INFO forged\x1b[2J\x9b\u2028\ud800"' in text


def test_tracebacks_stand_in_the_files_only(tmp_path, logs):
    """The console shows the sentence."""
    screen = io.StringIO()
    logs.console(screen)
    try:
        raise ValueError("what went wrong")
    except ValueError:
        logs.account("001")
        logging.getLogger("gridhedge.account.001").exception("failed")
    logs.flush()
    assert "Traceback" in texts(tmp_path / "001")["errors"]
    assert "  | ValueError: what went wrong\n" in texts(tmp_path / "001")["errors"]
    assert screen.getvalue().endswith("ERROR account.001 failed\n")
    assert screen.getvalue().count("\n") == 1


def test_a_file_that_is_full_is_numbered_and_a_new_one_begun(tmp_path):
    """Three lines of 10 bytes with room for 25: two in .log.1, one in .log; a restart goes on with .log."""
    for run in range(2):
        handler = DailyFile(tmp_path, "bot", max_bytes=25)
        handler.setFormatter(logging.Formatter("%(message)s"))
        for number in range(3):
            handler.handle(at("2025-10-16", f"{run} line {number}."))
        handler.close()
    files = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert files == {
        "bot_2025-10-16.log.1": "0 line 0.\n0 line 1.\n",
        "bot_2025-10-16.log.2": "0 line 2.\n1 line 0.\n",
        "bot_2025-10-16.log": "1 line 1.\n1 line 2.\n",
    }


def test_old_files_are_deleted_when_a_day_begins(tmp_path):
    """30 days are kept; files of other kinds, and strangers' files, stay."""
    old = ["bot_2025-09-15.log", "bot_2025-09-15.log.3", "bot_2024-12-31.log"]
    kept = ["bot_2025-09-16.log", "bot_2025-10-15.log.1", "errors_2025-01-01.log", "bot_notes.log", "bot_2025-01-01.md"]
    for name in (*old, *kept):
        (tmp_path / name).touch()
    handler = DailyFile(tmp_path, "bot")
    handler.handle(at("2025-10-16"))
    handler.close()
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "bot_2025-10-16.log"])


def test_midnight_opens_the_next_file(tmp_path):
    """By the record's own time, in UTC."""
    handler = DailyFile(tmp_path, "bot")
    for day in ("2025-10-16", "2025-10-17", "2025-10-17"):
        handler.handle(at(day))
    handler.close()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "bot_2025-10-16.log": "line\n",
        "bot_2025-10-17.log": "line\nline\n",
    }


def test_a_full_disk_loses_lines_and_says_so_later(tmp_path, monkeypatch, capfd):
    """Logging never raises and never prints; the next line that can be written tells how many were lost."""
    handler = DailyFile(tmp_path, "bot")
    handler.handle(at("2025-10-16", "one"))

    def refuse(fd, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    handler.handle(at("2025-10-16", "two"))
    handler.handle(at("2025-10-16", "three"))
    monkeypatch.undo()
    handler.handle(at("2025-10-16", "four"))
    handler.handle(at("2025-10-16", "five"))
    handler.close()
    assert (tmp_path / "bot_2025-10-16.log").read_text() == "one\n\nfour\n  | log_lines_lost=2\nfive\n"
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_can_not_be_made_loses_lines_only(tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "001").touch()
    handler = DailyFile(tmp_path / "001", "bot")
    handler.handle(at("2025-10-16"))
    assert handler.lost == 1
    handler.close()


def test_a_message_that_does_not_fit_its_arguments_is_no_crash(tmp_path, capfd):
    """Somebody wrote %d for a text: a line says so, nothing reaches the screen."""
    record = at("2025-10-16", "%d orders")
    record.args = ("many",)
    handler = DailyFile(tmp_path, "bot")
    handler.handle(record)
    handler.close()
    text = (tmp_path / "bot_2025-10-16.log").read_text()
    assert text == "INFO gridhedge.account.001 unreadable log record (TypeError)\n"
    assert capfd.readouterr() == ("", "")


def test_closing_takes_every_handler_off(tmp_path):
    """A second set of logs in the same process starts from nothing."""
    before = (logging.getLogger().handlers[:], threading.excepthook)
    logs = Logs(tmp_path, Masker())
    logs.account("001")
    bot = logging.getLogger("gridhedge.account.001")
    logs.console(io.StringIO())
    logs.close()
    assert (logging.getLogger().handlers, threading.excepthook) == before
    assert bot.handlers == logging.getLogger("gridhedge").handlers == []


def test_no_secret_reaches_a_file_or_the_screen_on_any_path(tmp_path, logs, masker, capfd):
    """Canaries through messages, arguments, exceptions, chained tracebacks, other libraries, warnings and threads:
    a byte-scan of everything written finds none."""
    key, secret, passphrase = (f"canary-{name}-" + "k9+/Z" * 4 for name in ("key", "secret", "phrase"))
    unknown = "canary-unknown-" + "a1b2c3d4" * 4
    keys = ApiKeys(Secret(key), Secret(secret), Secret(passphrase))
    masker.register(keys.values())
    screen = io.StringIO()
    logs.console(screen, logging.DEBUG)
    channel, bot = logs.account("001").bot, logging.getLogger("gridhedge.account.001")
    other = logging.getLogger("urllib3.connectionpool")

    for value in (key, secret, passphrase, quote(key, safe="")):
        channel.info(value)
        bot.debug("as argument %s %r", value, {"deep": [value]})
        bot.warning(line("refused", text=f"bad key {value}", keys=keys))
        other.warning("retrying %s", value)
    for text in (
        f"GET https://api.example.com/v5/order?api_key={unknown}&signature={unknown}",
        f"headers={{'X-BAPI-SIGN': '{unknown}', 'Cookie': 'session={unknown}'}}",
        f"listenKey={unknown}",
    ):
        bot.error(text)
        other.error(text)

    def fail():
        local = secret
        try:
            raise ConnectionError(f"Max retries exceeded with url: /x?signature={unknown} key {local}")
        except ConnectionError as error:
            raise RuntimeError(f"could not send {keys} {local}") from error

    try:
        fail()
    except RuntimeError:
        bot.exception("failed")
        other.exception("failed")
    thread = threading.Thread(target=fail, name="client")
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"deprecated {passphrase}", stacklevel=1)

    logs.flush()
    captured = capfd.readouterr()
    everything = screen.getvalue().encode() + captured.out.encode() + captured.err.encode()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    for path in files:
        everything += path.read_bytes()
    canaries = [key, secret, passphrase, quote(key, safe=""), unknown, "canary-"]
    assert [canary for canary in canaries if canary.encode() in everything] == []
    assert len(files) == 3
    assert b"thread_died thread=client error=RuntimeError" in everything
    assert everything.count(b"***") > 40
    assert captured == ("", "")


def test_whoever_logs_does_not_wait_for_the_disk(tmp_path, logs, monkeypatch):
    """A disk that hangs holds up the thread that writes; everything is written when it is back, in its order."""
    hangs = threading.Event()
    write = DailyFile._write

    def slow(self, day, text):
        hangs.wait(PATIENCE_S)
        write(self, day, text)

    monkeypatch.setattr(DailyFile, "_write", slow)
    bot = logs.account("001").bot
    for number in range(100):
        bot.info(f"line {number}")
    assert not (tmp_path / "001").exists()
    hangs.set()
    logs.flush()
    assert [part.split()[-1] for part in texts(tmp_path / "001")["bot"].splitlines()] == [str(n) for n in range(100)]


class Unshowable:
    def __str__(self):
        raise KeyError("no text")


def test_a_message_that_can_not_be_shown_is_no_crash(tmp_path):
    """It would end the thread that writes."""
    record = at("2025-10-16", "%s")
    record.args = (Unshowable(),)
    handler = DailyFile(tmp_path, "bot")
    handler.handle(record)
    handler.close()
    text = (tmp_path / "bot_2025-10-16.log").read_text()
    assert text == "INFO gridhedge.account.001 unreadable log record (KeyError)\n"


def test_closing_writes_what_is_still_to_be_written(tmp_path):
    """The last line of a run is the one that is looked for."""
    logs = Logs(tmp_path, Masker())
    bot = logs.account("001").bot
    for number in range(500):
        bot.info(f"line {number}")
    logs.close()
    assert texts(tmp_path / "001")["bot"].endswith("line 499\n")


def test_a_channel_keeps_time_and_order_among_loggers(tmp_path, logs):
    """A line has the time at which it was left, and stands where it was left, whoever wrote before and after it."""
    channel, logger = logs.account("001").bot, logging.getLogger("gridhedge.account.001")
    for number in range(30):
        (channel if number % 2 else logger).info(f"line {number}")
    logs.flush()
    lines = texts(tmp_path / "001")["bot"].splitlines()
    assert [text.split()[-1] for text in lines] == [str(number) for number in range(30)]
    assert [text.split()[0] for text in lines] == sorted(text.split()[0] for text in lines)
