"""Webhooks of a single user's bot: named in the profile, signed with a secret that is not in it."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.store.rows import open_reader
from tests.cli.shell import ROOT, gridhedge, run, write_profile
from tests.notify.receiver import Receiver
from tests.patience import PATIENCE_S


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """At its end a run delivers what waits, however long that takes on a busy machine."""
    monkeypatch.setattr("gridhedge.cli.correspondence._LAST_CHANCE_S", PATIENCE_S)


def profile_with(path: Path, url: str) -> Path:
    """The demo's market, telling this address."""
    file = write_profile(path)
    file.write_text(f"{file.read_text()}notify:\n  webhook_url: {url}\n")
    return file


def test_a_run_tells_its_trades_states_and_status(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Running, each execution of the ledger once, a status every five ticks, stopped; a second run tells the new ones
    only."""
    monkeypatch.setenv("001_WEBHOOK_SECRET", "webhook-secret")
    with Receiver() as receiver:
        profile = profile_with(tmp_path / "p.yaml", receiver.url)
        assert run(profile, data, 30).code == 0
        assert run(profile, data, 30).code == 0
        receiver.until(lambda: len(receiver.named("status_changed")) == 4)
        assert [body["data"]["status"] for body in receiver.named("status_changed")] == ["running", "stopped"] * 2
        told = [body["data"]["executionId"] for body in receiver.events if body["event"].startswith("trade_")]
        with open_reader(data / "001" / "ledger.sqlite3") as ledger:
            assert told == [row.execution_id for row in sorted(ledger.executions())]
        assert len(told) == len(set(told)) >= 7
        assert receiver.unsigned == 0
        status = receiver.named("status_update")[0]["data"]
        assert (status["userId"], status["symbol"], status["tick"]) == ("001", "DOGEUSDT", 0)


def test_a_limit_of_the_day_is_told_once(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss of 0.1 USDT ends the day: one message with limit and open baskets; status documents have the signal."""
    monkeypatch.setenv("WEBHOOK_SECRET", "webhook-secret")
    text = (ROOT / "configs" / "signal-paper.yaml").read_text().replace("max_loss: -50", "max_loss: -0.1")
    with Receiver() as receiver:
        profile = tmp_path / "p.yaml"
        profile.write_text(f"{text}notify:\n  webhook_url: {receiver.url}\n")
        assert run(profile, data, 900).code == 0
        receiver.until(lambda: len(receiver.named("status_changed")) == 2)
        (hit,) = [body["data"] for body in receiver.named("global_limit_hit")]
        documents = [body["data"] for body in receiver.named("status_update")]
    assert (hit["userId"], hit["limitType"], D(str(hit["limitValue"])), hit["positionsClosed"]) == (
        "001", "LOSS", D("-0.1"), 1,
    )  # fmt: skip
    assert D(str(hit["totalPnl"])) <= D("-0.1")
    assert "everything closes" in hit["message"]
    assert {"BUY", "SELL"} & {document["indicators"]["signal"] for document in documents}
    assert all(document["indicators"]["sma"] for document in documents if document["indicators"]["signal"])


def test_a_receiver_that_is_away_does_not_keep_the_bot_from_trading(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run finds nobody; what it could not tell arrives during the second."""
    monkeypatch.setenv("WEBHOOK_SECRET", "webhook-secret")
    with Receiver() as receiver:
        away = receiver.url
    assert run(profile_with(tmp_path / "p.yaml", away), data, 30).code == 0
    with Receiver() as receiver:
        assert run(profile_with(tmp_path / "p.yaml", receiver.url), data, 5).code == 0
        with open_reader(data / "001" / "ledger.sqlite3") as ledger:
            wanted = [row.execution_id for row in sorted(ledger.executions())]
        receiver.until(lambda: len(receiver.named("status_changed")) == 4)
        told = [body["data"]["executionId"] for body in receiver.events if body["event"].startswith("trade_")]
        assert told == wanted


def test_a_webhook_without_a_secret_is_refused_before_anything_is_written(tmp_path: Path, data: Path) -> None:
    """The sentence names the variable. A dry run tells nobody and needs none."""
    profile = profile_with(tmp_path / "p.yaml", "https://a.example/hook")
    done = run(profile, data, 3)
    assert (done.code, "001_WEBHOOK_SECRET (or WEBHOOK_SECRET)" in done.err) == (2, True)
    assert not data.exists()
    assert run(profile, data, 3, "--dry-run").code == 0


def test_an_address_that_is_none_is_a_mistake_in_the_profile(tmp_path: Path, data: Path) -> None:
    """With file, line and field."""
    profile = profile_with(tmp_path / "p.yaml", "ftp://a.example")
    done = gridhedge("run", "--profile", profile, "--data-dir", data)
    assert done.code == 2
    assert "p.yaml:15: notify.webhook_url: 'ftp://a.example' is not possible here; give an address" in done.err
