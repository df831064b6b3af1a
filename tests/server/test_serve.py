"""The whole of it in real processes: a practice Bitget, the server, its users over HTTP, and a receiver of webhooks."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gridhedge.domain.wire import sign
from gridhedge.server.users import account_of
from gridhedge.store.rows import open_reader
from gridhedge.venue.clock import wall_ms
from tests.notify.receiver import Receiver
from tests.patience import PATIENCE_S, until
from tests.server.platform import ADMIN_KEY, BOT_SECRET, Platform
from tests.server.processes import ROOT, serving, started, url

HOOK_SECRET = "webhook-secret"
USERS = ("anna", "bert", "carl")
STATES = ("running", "running", "error")
KEYS = [word for user in USERS for word in ("--key", f"key-of-{user}:secret-of-{user}")]


def registration(user: str, secret: str, receiver: Receiver) -> dict[str, Any]:
    """A small martingale on both sides at once, whose baskets close at a profit of 0.2."""
    return {
        "userId": user,
        "userBotId": "7",
        "exchange": {
            "name": "bitget",
            "apiKey": f"key-of-{user}",
            "apiSecret": secret,
            "passphrase": "practice",
            "isDemo": True,
        },
        "settings": {
            "tradingPair": "DOGEUSDT",
            "leverage": 20,
            "tradeAmount": 50,
            "takeProfit": 0.2,
            "stopLoss": 5000,
            "maxConcurrentTrades": 6,
            "customSettings": {"multiplier": 1.5, "spacePercent": 0.4, "useSmaSar": False, "cciPeriod": 0},
        },
        "webhookUrl": receiver.url,
        "webhookSecret": HOOK_SECRET,
    }


def executions(data: Path, user: str) -> list[str]:
    """The ids in a user's ledger, in its order."""
    with open_reader(data / account_of(user) / "ledger.sqlite3") as ledger:
        return [row.execution_id for row in ledger.executions()]


def told(receiver: Receiver, user: str, *events: str) -> list[str]:
    """Execution ids that a user's webhooks have told, in the order of their first arrival; repeats are left out."""
    wanted = events or ("trade_opened", "trade_closed")
    mine = [body for body in receiver.events if body["event"] in wanted and body["data"]["userId"] == user]
    return [body["data"]["executionId"] for body in mine]


def has_traded(receiver: Receiver, user: str) -> bool:
    return all(told(receiver, user, event) for event in ("trade_opened", "trade_closed"))


def has_more(data: Path, user: str, count: int) -> bool:
    return len(executions(data, user)) > count


def is_told_all(receiver: Receiver, data: Path, user: str) -> bool:
    """Each execution once, and in the ledger's order."""
    return told(receiver, user) == executions(data, user)


def is_back(platform: Platform) -> bool:
    """Everybody is as they should be."""
    return tuple(platform.state(user) for user in USERS) == STATES


@pytest.mark.parametrize("generation", ["v2", "v3"])
def test_users_trade_one_is_broken_and_a_kill_loses_nobody(tmp_path: Path, generation: str) -> None:
    """anna and bert trade on the practice Bitget; carl's secret is wrong, which is his trouble alone. Webhooks are
    signed, the first ones fail and come again, and tell each execution once after deduplication, in order. The server
    is killed with -9 while both trade: both are back and trade on, carl is told why not. No secret is on the disk."""
    data = tmp_path / "data"
    practice = ("practice", "bitget", "--port", "0", "--generation", generation, "--speed", "300", "--no-rate-limits")
    with started(*practice, *KEYS) as (_, line), Receiver(HOOK_SECRET, answers=(500, 503)) as receiver:
        endpoint = ("--endpoint", f"bitget={url(line)}")
        with serving(data, *endpoint) as (process, line):
            platform = Platform(url(line))
            for user in USERS:
                secret = f"secret-of-{user}" if user != "carl" else "secret-of-nobody"
                assert platform.ask("POST", "/users", registration(user, secret, receiver)).status == 201
            for user in ("anna", "bert"):
                assert platform.ask("POST", f"/users/{user}/start").data["status"] == "running"
            refused = platform.ask("POST", "/users/carl/start")
            assert (refused.status, refused.body["code"]) == (422, "EXCHANGE_REFUSED")
            assert is_back(platform)
            for user in ("anna", "bert"):
                until(partial(has_traded, receiver, user), f"{user} has opened and closed")
            process.send_signal(signal.SIGKILL)
            process.communicate()
        before = {user: len(executions(data, user)) for user in ("anna", "bert")}
        with serving(data, *endpoint) as (process, line):
            platform = Platform(url(line))
            until(partial(is_back, platform), "everybody is back")
            for user, count in before.items():
                until(partial(has_more, data, user, count), f"{user} trades on")
            rows = platform.administer("GET", "/sessions").data["sessions"]
            assert [(row["userId"], row["state"]) for row in rows] == list(zip(USERS, STATES, strict=True))
            for user in before:
                assert platform.ask("POST", f"/users/{user}/stop").data["status"] == "stopped"
                until(partial(is_told_all, receiver, data, user), f"{user} is told all")
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=PATIENCE_S)
            assert (process.returncode, out, err) == (0, "", "")
    assert receiver.unsigned == 0
    assert "error" in _states(receiver, "carl")
    assert "running" not in _states(receiver, "carl")
    for user in before:
        assert "error" not in _states(receiver, user)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (HOOK_SECRET, BOT_SECRET, ADMIN_KEY, "secret-of-", "key-of-"):
        assert secret.encode() not in everything


def _states(receiver: Receiver, user: str) -> list[str]:
    return [body["data"]["status"] for body in receiver.named("status_changed") if body["data"]["userId"] == user]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")
def test_requests_are_signed_in_a_shell_as_documented(tmp_path: Path) -> None:
    """The lines of docs/SERVER.md, word for word but the port: a user registers, trades, and is forgotten."""
    documented = (ROOT / "docs" / "SERVER.md").read_text(encoding="utf-8")
    block = next(part for part in re.findall(r"(?:^    .*\n|^\n)+", documented, re.MULTILINE) if "ask()" in part)
    (tmp_path / ".env").write_text(f"BOT_SECRET='{BOT_SECRET}'\nADMIN_KEY='{ADMIN_KEY}'\n")
    with serving(tmp_path / "data") as (_, line):
        assert "at=http://127.0.0.1:8082" in block
        script = block.replace("at=http://127.0.0.1:8082", f"at={url(line)}")
        done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["success"] for answer in answers] == [True] * 6, done.stdout
    assert [answer["data"].get("status") for answer in answers[:4]] == ["stopped", "running", "running", "stopped"]
    assert (answers[-1]["data"], done.stderr) == ({"sessions": []}, "")


def test_the_documented_receiver_believes_signatures_and_takes_each_message_once(tmp_path: Path) -> None:
    """The lines of docs/SERVER.md, word for word but the port."""
    documented = (ROOT / "docs" / "SERVER.md").read_text(encoding="utf-8")
    block = next(part for part in re.findall(r"(?:^    .*\n|^\n)+", documented, re.MULTILINE) if "Receiver" in part)
    assert 'HTTPServer(("127.0.0.1", 8991), Receiver).serve_forever()' in block
    program = textwrap.dedent(block).replace(
        'HTTPServer(("127.0.0.1", 8991), Receiver).serve_forever()',
        'server = HTTPServer(("127.0.0.1", 0), Receiver)\nprint(server.server_port, flush=True)\n'
        "for _ in range(4): server.handle_request()",
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as receiver:
        assert receiver.stdout is not None
        port = int(receiver.stdout.readline())
        known, other = (json.dumps({"id": name, "event": "e", "timestamp": "t", "data": {}}).encode() for name in "ab")
        stamps = [wall_ms(), wall_ms(), wall_ms(), wall_ms() - 301_000]
        bodies, secrets = [known, known, other, other], ["a secret of his"] * 2 + ["another"] + ["a secret of his"]
        codes = [
            _posted(port, body, str(stamp), sign(secret, str(stamp), body))
            for body, stamp, secret in zip(bodies, stamps, secrets, strict=True)
        ]
        out, _ = receiver.communicate(timeout=PATIENCE_S)
    assert codes == [200, 200, 401, 401]
    assert out == "t e {}\n"


def _posted(port: int, body: bytes, stamp: str, signature: str) -> int:
    headers = {"X-Webhook-Timestamp": stamp, "X-Webhook-Signature": signature}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/", body, headers)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
