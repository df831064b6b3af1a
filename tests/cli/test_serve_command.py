"""``gridhedge serve`` as a user types it: real processes, real HTTP, a practice exchange and a receiver of webhooks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from gridhedge.practice import bitget as practice_bitget
from gridhedge.practice import bybit as practice_bybit
from gridhedge.practice.server import Handle
from gridhedge.practice.world import Options
from gridhedge.server.users import account_of
from gridhedge.store.rows import open_reader
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.funding import ConstantFunding
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing
from tests.cli.shell import ROOT, gridhedge
from tests.notify.receiver import Receiver
from tests.server.platform import ADMIN_KEY, BOT_SECRET, Platform, registration

PATIENCE_S = 40.0
DOGE = "DOGEUSDT"
HOOK_SECRET = "webhook-secret"


@contextmanager
def serving(data: Path, *arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server in a process of its own, and the line that it printed."""
    known = {"BOT_SECRET": BOT_SECRET, "ADMIN_KEY": ADMIN_KEY, **environment}
    process = subprocess.Popen(
        [sys.executable, "-m", "gridhedge", "serve", "--port", "0", "--data-dir", str(data), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "XDG_STATE_HOME": str(data.parent / "state"), **known},
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def url(line: str) -> str:
    return line.split("serves on ")[1].split()[0]


def until(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


@contextmanager
def practising(venue: str) -> Iterator[Handle]:
    """A practice exchange with DOGE at 0.20000 until it is moved; ``venue``: with its generation, where it has two."""
    name, _, generation = venue.partition("-")
    feed = ScriptedFeed([(time.time_ns() // 1_000_000, D("0.20000"))])
    listing = Listing(instrument(name, DOGE), fees(name, DOGE), feed, ConstantFunding(480, D("0.0001")))
    exchange = Exchange([listing], D(10_000))
    options = Options(keys={"practice": "practice"}, rules=name, rate_limits=False)
    if name == "bybit":
        handle = practice_bybit.start(exchange, options=options)
    else:
        handle = practice_bitget.start(exchange, options=options, generation="v3" if generation == "v3" else "v2")
    try:
        yield handle
    finally:
        handle.stop()


def executions(data: Path, user: str) -> set[str]:
    """The ids in a user's ledger."""
    with open_reader(data / account_of(user) / "ledger.sqlite3") as ledger:
        return {row.execution_id for row in ledger.executions()}


def told(receiver: Receiver, user: str) -> list[str]:
    """Execution ids that a user's webhooks have told, repeats by id left out."""
    trades = [body["data"] for body in receiver.events if body["event"] in ("trade_opened", "trade_closed")]
    return [data["executionId"] for data in trades if data["userId"] == user]


@pytest.mark.parametrize("venue", ["bybit", "bitget-v2", "bitget-v3"])
def test_two_users_trade_and_a_kill_loses_neither(data: Path, venue: str) -> None:
    """anna trades on the practice exchange; bert's key is wrong, which is his trouble alone. Webhooks are signed and
    tell each execution once after deduplication. After kill -9 both are back: anna trades, bert is told why not."""
    name = venue.partition("-")[0]
    passphrase = {"passphrase": "practice"} if name == "bitget" else {}
    hook: dict[str, Any] = {"webhookSecret": HOOK_SECRET}
    with practising(venue) as practice, Receiver(HOOK_SECRET, answers=(500, 503)) as receiver:
        endpoint = f"{name}={practice.url}"
        hook["webhookUrl"] = receiver.url
        with serving(data, "--endpoint", endpoint) as (process, line):
            platform = Platform(url(line))
            assert platform.ask("POST", "/users", registration("anna", name, keys=passphrase, **hook)).status == 201
            bad = registration("bert", name, keys={"apiSecret": "wrong", **passphrase}, **hook)
            assert platform.ask("POST", "/users", bad).status == 201
            assert platform.ask("POST", "/users/anna/start").data["status"] == "running"
            refused = platform.ask("POST", "/users/bert/start")
            assert (refused.status, refused.body["code"]) == (422, "EXCHANGE_REFUSED")
            assert (platform.state("anna"), platform.state("bert")) == ("running", "error")
            practice.move(DOGE, D("0.19790"))  # through the long side's level 1
            until("three executions", lambda: len(executions(data, "anna")) >= 3)
            receiver.until(lambda: len(told(receiver, "anna")) >= 3)
            assert platform.administer("GET", "/sessions").data["sessions"][1]["state"] == "error"
            process.send_signal(signal.SIGKILL)
            process.communicate()
        practice.move(DOGE, D("0.19590"))  # through level 2, while nobody is there
        with serving(data, "--endpoint", endpoint) as (process, line):
            platform = Platform(url(line))
            until("anna is back", lambda: platform.state("anna") == "running")
            until("bert is told", lambda: platform.state("bert") == "error")
            status = platform.ask("GET", "/users/anna/status").data
            until("what happened meanwhile is known", lambda: len(executions(data, "anna")) >= 4)
            assert status["positions"]["buyCount"] >= 2
            receiver.until(lambda: set(told(receiver, "anna")) == executions(data, "anna"))
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=PATIENCE_S)
            assert (process.returncode, out, err) == (0, "", "")
        assert receiver.unsigned == 0
        assert len(told(receiver, "anna")) == len(executions(data, "anna"))
        states = [(body["data"]["userId"], body["data"]["status"]) for body in receiver.named("status_changed")]
        assert ("anna", "running") in states
        assert ("bert", "error") in states
        assert ("anna", "error") not in states
        assert any(body["data"]["userId"] == "bert" for body in receiver.named("error_occurred"))
    everything = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert HOOK_SECRET.encode() not in everything
    assert BOT_SECRET.encode() not in everything


def test_an_emergency_closes_everything_of_one_user(data: Path) -> None:
    """Two paper users trade; one is closed: flat, without orders, stopped. The other goes on, and so does the first
    when told."""
    with serving(data) as (_, line):
        platform = Platform(url(line))
        for user in ("anna", "bert"):
            platform.ask("POST", "/users", registration(user))
            assert platform.ask("POST", f"/users/{user}/start").data["status"] == "running"
        until("positions", lambda: platform.ask("GET", "/users/anna/status").data["positions"]["buyCount"] == 1)
        closed = platform.administer("POST", "/close-positions/anna")
        assert closed.data["status"] == "stopped"
        positions = platform.ask("GET", "/users/anna/status").data["positions"]
        assert (positions["buy"], positions["sell"]) == ([], [])
        assert platform.state("bert") == "running"
        assert platform.ask("POST", "/users/anna/start").data["status"] == "running"


def test_without_a_secret_it_listens_on_this_machine_only(data: Path) -> None:
    """Any other address is refused before anything is opened; on loopback nobody is asked for a signature."""
    done = gridhedge("serve", "--host", "0.0.0.0", "--data-dir", data)
    assert (done.code, "set BOT_SECRET" in done.err) == (2, True)
    assert not data.exists()
    with serving(data, BOT_SECRET="", ADMIN_KEY="") as (_, line):
        assert "no BOT_SECRET: requests need no signature; no ADMIN_KEY" in line
        platform = Platform(url(line))
        assert platform.send("GET", "/api/v1/users/anna/status").status == 404
        assert platform.send("GET", "/api/v1/admin/sessions").body["code"] == "NO_ADMIN"


def test_options_that_make_no_sense_are_one_sentence(data: Path) -> None:
    """An endpoint without a venue."""
    done = gridhedge("serve", "--endpoint", "http://127.0.0.1:1", "--data-dir", data)
    assert (done.code, "write VENUE=URL" in done.err) == (2, True)


def test_reloading_serves_the_same(data: Path) -> None:
    """``--reload --debug`` starts the same application in a process of its own, and ends with the first one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gridhedge", "serve", "--port", "18732", "--data-dir", str(data), "--reload", "--debug"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, "BOT_SECRET": BOT_SECRET, "ADMIN_KEY": ADMIN_KEY},
    )
    try:
        platform = Platform("http://127.0.0.1:18732")

        def is_up() -> bool:
            try:
                return platform.send("GET", "/health").status == 200
            except OSError:
                return False

        until("it is up", is_up)
        assert platform.ask("GET", "/users/anna/status").body["code"] == "USER_NOT_FOUND"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)
