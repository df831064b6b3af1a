"""``gridhedge serve`` as a user types it: real processes, real HTTP, a practice exchange and a receiver of webhooks."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal as D
from pathlib import Path
from typing import Any

from gridhedge.practice import bybit
from gridhedge.practice.server import Handle
from gridhedge.practice.world import Options
from gridhedge.server.users import account_of
from gridhedge.store.rows import open_reader
from gridhedge.venue.clock import wall_ms
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing
from tests.cli.shell import gridhedge
from tests.funding import FarFunding
from tests.notify.receiver import Receiver
from tests.patience import PATIENCE_S, until
from tests.ports import Port
from tests.server.platform import ADMIN_KEY, BOT_SECRET, Platform, registration
from tests.server.processes import serving, url

DOGE = "DOGEUSDT"
HOOK_SECRET = "webhook-secret"


@contextmanager
def practising() -> Iterator[Handle]:
    """A practice Bybit with DOGE at 0.20000 until it is moved."""
    feed = ScriptedFeed([(wall_ms(), D("0.20000"))])
    listing = Listing(instrument("bybit", DOGE), fees("bybit", DOGE), feed, FarFunding(wall_ms()))
    options = Options(keys={"practice": "practice"}, rules="bybit", rate_limits=False)
    handle = bybit.start(Exchange([listing], D(10_000)), options=options)
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


def test_what_happens_while_nobody_is_there_is_told_later(data: Path) -> None:
    """anna trades on a practice Bybit; bert's key is wrong, which is his trouble alone. While the server is dead the
    price goes through another level: when it is back that is known, and told once."""
    hook: dict[str, Any] = {"webhookSecret": HOOK_SECRET}
    with practising() as practice, Receiver(HOOK_SECRET, answers=(500, 503)) as receiver:
        endpoint = f"bybit={practice.url}"
        hook["webhookUrl"] = receiver.url
        with serving(data, "--endpoint", endpoint) as (process, line):
            platform = Platform(url(line))
            assert platform.ask("POST", "/users", registration("anna", "bybit", **hook)).status == 201
            bad = registration("bert", "bybit", keys={"apiSecret": "wrong"}, **hook)
            assert platform.ask("POST", "/users", bad).status == 201
            assert platform.ask("POST", "/users/anna/start").data["status"] == "running"
            refused = platform.ask("POST", "/users/bert/start")
            assert (refused.status, refused.body["code"]) == (422, "EXCHANGE_REFUSED")
            assert (platform.state("anna"), platform.state("bert")) == ("running", "error")
            practice.move(DOGE, D("0.19790"))  # through the long side's level 1
            until(lambda: len(executions(data, "anna")) >= 3, "three executions")
            receiver.until(lambda: len(told(receiver, "anna")) >= 3)
            assert platform.administer("GET", "/sessions").data["sessions"][1]["state"] == "error"
            process.send_signal(signal.SIGKILL)
            process.communicate()
        practice.move(DOGE, D("0.19590"))  # through level 2, while nobody is there
        with serving(data, "--endpoint", endpoint) as (process, line):
            platform = Platform(url(line))
            until(lambda: platform.state("anna") == "running", "anna is back")
            until(lambda: platform.state("bert") == "error", "bert is told")
            status = platform.ask("GET", "/users/anna/status").data
            until(lambda: len(executions(data, "anna")) >= 4, "what happened meanwhile is known")
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
        until(lambda: platform.ask("GET", "/users/anna/status").data["positions"]["buyCount"] == 1, "positions")
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


def test_debug_shows_what_is_logged_and_no_secret(data: Path) -> None:
    """Down to the stack of a session whose exchange is away, with the keys of users and operator left out."""
    keys = {"apiKey": "canary-key", "apiSecret": "canary-secret"}
    hook = {"webhookUrl": "http://127.0.0.1:1/", "webhookSecret": "canary-webhook"}
    with serving(data, "--debug", "--endpoint", "bybit=http://127.0.0.1:1") as (process, line):
        platform = Platform(url(line))
        assert platform.ask("POST", "/users", registration("anna", "bybit", keys=keys, **hook)).status == 201
        assert platform.ask("POST", "/users/anna/start").data["status"] == "retrying"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (0, "")
    assert "session of user anna failed" in err
    assert not any(secret in err for secret in ("canary", BOT_SECRET, ADMIN_KEY))


def test_reloading_serves_the_same(data: Path) -> None:
    """``--reload --debug`` starts the same application in a process of its own, and ends with the first one."""
    with Port() as port, serving(data, "--port", str(port.number), "--reload", "--debug") as (process, line):
        assert "starts anew when the code changes" in line
        platform = Platform(url(line))

        def is_up() -> bool:
            try:
                return platform.send("GET", "/health").status == 200
            except OSError:
                return False

        until(is_up, "it is up")
        assert platform.ask("GET", "/users/anna/status").body["code"] == "USER_NOT_FOUND"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)
