"""Which accounts a data folder holds, and which of them is meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gridhedge.cli.accounts import chosen_accounts, command_line, known_accounts, one_account, running
from gridhedge.domain.errors import UsageError
from gridhedge.store.emergency import Emergency, raise_emergency
from gridhedge.store.lock import account_lock


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A data folder in which 001 and 002 have run, and something else lies about."""
    for account in ("002", "001"):
        account_lock(tmp_path, account, 0).release()
    (tmp_path / "notes").mkdir()
    (tmp_path / "gridhedge_2026-01-01.log").touch()
    return tmp_path


def test_accounts_are_the_folders_that_a_run_has_left(two: Path) -> None:
    """In order of their names; other folders and files are not accounts."""
    assert known_accounts(two) == ["001", "002"]
    assert known_accounts(two / "nowhere") == []


def test_an_account_whose_lock_is_gone_is_still_one(two: Path) -> None:
    """Its ledger tells."""
    (two / "notes" / "ledger.sqlite3").touch()
    assert known_accounts(two) == ["001", "002", "notes"]


def test_a_folder_with_nothing_but_an_emergency_stop_is_an_account(tmp_path: Path) -> None:
    """``run`` is refused by it, and ``resume`` must find it."""
    raise_emergency(tmp_path / "007", Emergency(0, "", "a test"))
    assert known_accounts(tmp_path) == ["007"]


def test_all_accounts_are_chosen_unless_one_is_named(two: Path) -> None:
    """For status and stop."""
    assert chosen_accounts(two, None) == ["001", "002"]
    assert chosen_accounts(two, "002") == ["002"]


def test_an_unknown_account_is_refused_with_those_that_exist(two: Path) -> None:
    """A typing mistake shows."""
    with pytest.raises(UsageError, match="no account 003; there are 001, 002"):
        chosen_accounts(two, "003")


def test_an_empty_folder_says_how_to_begin(tmp_path: Path) -> None:
    """Somebody looks before the first run."""
    with pytest.raises(UsageError, match="no account has run here yet; start one with gridhedge run"):
        chosen_accounts(tmp_path, None)


def test_where_one_is_meant_several_need_a_name(two: Path) -> None:
    """The only one needs none."""
    with pytest.raises(UsageError, match=r"several accounts \(001, 002\): say which one with --account"):
        one_account(two, None)
    assert one_account(two, "001") == "001"
    (two / "002" / "run.lock").unlink()
    assert one_account(two, None) == "001"


def test_who_trades_an_account_is_known_by_the_lock(two: Path) -> None:
    """While it is held, and no longer."""
    with account_lock(two, "001", 0):
        assert running(two, "001") == os.getpid()
        assert running(two, "002") is None
    assert running(two, "001") is None


def test_the_command_to_type_names_an_unusual_folder_only() -> None:
    """What is the default need not be said."""
    assert command_line("resume", Path("data"), "001") == "gridhedge resume --account 001"
    assert command_line("resume", Path("/srv/x"), "001") == "gridhedge resume --account 001 --data-dir /srv/x"
