"""The programs of the mirror from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gridhedge.mirror.link import Link
from tests.cli.shell import gridhedge
from tests.mirror.centers import Center, position


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GRIDHEDGE_MIRROR_TOKEN", "GRIDHEDGE_MT5_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def test_status_is_tables_or_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts, live positions, and the last happenings."""
    center = Center(tmp_path)
    link = Link(center.url, None)
    link.post("/new_position/", position().message())
    link.post("/seen/", {"kind": "client", "account": 501234, "lag_ms": 4})
    link.close()
    told = json.loads(gridhedge("mirror", "status", "--center", center.url, "--json").out)
    assert [(row["account"], row["status"]) for row in told["live"]] == [(501234, "pending")]
    monkeypatch.setenv("COLUMNS", "160")
    shown = gridhedge("mirror", "status", "--center", center.url)
    assert shown.code == 0
    for text in ("501234", "client", "4 ms", "pending", "buy 0.10 EURUSD", "opened: buy 0.10 EURUSD"):
        assert text in shown.out
    center.close()


def test_a_center_that_is_not_there_is_one_sentence() -> None:
    """Exit code 3."""
    done = gridhedge("mirror", "status", "--center", "http://127.0.0.1:9")
    assert done.code == 3
    assert "the center at http://127.0.0.1:9 can not be reached" in done.err


def test_beyond_this_machine_the_center_wants_a_token(tmp_path: Path) -> None:
    """Nothing is opened without."""
    done = gridhedge("mirror", "center", "--host", "0.0.0.0", "--data-dir", tmp_path)
    assert done.code == 2
    assert "set GRIDHEDGE_MIRROR_TOKEN" in done.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("client",), "PATH is missing"),
        (("client", "tcp://127.0.0.1:9"), "LOGIN is missing"),
        (("client", "tcp://127.0.0.1:9", "501", "-", "S", "m", "auto"), "GRIDHEDGE_MT5_PASSWORD is set nowhere"),
        (("client", "tcp://127.0.0.1:9", "501", "pw", "S", "m", "sometimes"), "exec_mode"),
        (("client", "C:/terminal64.exe", "501", "pw", "S"), "the MetaTrader5 package is not installed here"),
        (("tumbler", "tcp://127.0.0.1:9", "501", "pw", "S"), "--process javaw.exe"),
        (("broker", "tcp://127.0.0.1:9", "501", "pw", "S", "-", "AUTO", "--volume-ratio", "0"), "volume_ratio"),
        (("broker", "tcp://nowhere", "501", "pw", "S"), "is no address of a bridge"),
        (("bridge", "x", "--host", "0.0.0.0"), "use an SSH tunnel"),
    ],
)
def test_a_mistake_gets_one_sentence(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    """Exit code 2."""
    done = gridhedge("mirror", *arguments, *(() if arguments[0] == "bridge" else ("--data-dir", tmp_path)))
    assert done.code == 2, done.err
    assert sentence in done.err


def test_a_terminal_that_is_not_there_is_said_and_tried_again_by_nobody_at_the_start(tmp_path: Path) -> None:
    """A password on the command line is remarked upon, and never shown."""
    done = gridhedge(
        "mirror", "broker", "C:/t.exe", "501", "pa55word", "S", "m", "fok", "EURUSD", "--data-dir", tmp_path
    )
    assert done.code == 2
    assert "a password on the command line can be read by every user" in done.out
    assert "pa55word" not in done.out + done.err
