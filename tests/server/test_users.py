"""The register: durable, private, and it forgets when told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.domain.errors import DiskFailure
from gridhedge.server.users import User, Users, account_of

ANNA = User("anna", 5, {"userId": "anna", "settings": {"tradeAmount": "0.10"}}, b"sealed-of-anna", False)


def test_users_come_back_as_they_were(tmp_path: Path) -> None:
    """In order of registration, also without a farewell from the first process."""
    bert = User("bert", 4, {"userId": "bert"}, b"b", True, "0.5")
    first = Users(tmp_path / "server" / "users.sqlite3")
    first.add(ANNA)
    first.add(bert)
    assert Users(tmp_path / "server" / "users.sqlite3").all() == [bert, ANNA]


def test_what_may_change_is_kept(tmp_path: Path) -> None:
    """Trading or not, and the lot."""
    users = Users(tmp_path / "users.sqlite3")
    users.add(ANNA)
    changed = ANNA._replace(trading=True, base_lot="12.5")
    users.change(changed)
    assert users.all() == [changed]


def test_a_user_that_is_removed_leaves_nothing_in_the_file(tmp_path: Path) -> None:
    """Not even sealed: the pages are overwritten."""
    users = Users(tmp_path / "users.sqlite3")
    users.add(ANNA)
    users.remove("anna")
    assert users.all() == []
    assert all(b"sealed-of-anna" not in file.read_bytes() for file in tmp_path.iterdir())


def test_nobody_else_may_read_the_register(tmp_path: Path) -> None:
    """Files 0600, the folder 0700."""
    users = Users(tmp_path / "server" / "users.sqlite3")
    users.add(ANNA)
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "server").iterdir()} == {0o600}
    assert (tmp_path / "server").stat().st_mode & 0o777 == 0o700


def test_a_register_that_is_damaged_is_told(tmp_path: Path) -> None:
    """With its name; nothing is begun anew, because it holds what users wanted."""
    (tmp_path / "users.sqlite3").write_bytes(b"garbage" * 1000)
    with pytest.raises(DiskFailure, match=r"users\.sqlite3"):
        Users(tmp_path / "users.sqlite3")


def test_an_account_is_a_pure_function_of_the_id() -> None:
    """16 characters that a profile accepts; the same user gets the same one again."""
    assert account_of("anna") == account_of("anna") == "u55579b557896d0c"
    assert account_of("anna") != account_of("Anna")
    assert len(account_of("x" * 64)) == 16
