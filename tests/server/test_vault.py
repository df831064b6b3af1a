"""Keys at rest: unreadable without the key, bound to their owner, and the key can be replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gridhedge.domain.errors import UsageError
from gridhedge.server.vault import Vault, open_vault
from gridhedge.store.secret import Secret

KEYS = {"apiKey": "K", "apiSecret": "S"}


def revealed(found: dict[str, Secret]) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in found.items()}


def test_what_is_sealed_is_read_by_its_key_only() -> None:
    """Another key is told in one sentence that names the remedy and shows nothing."""
    vault = Vault([Fernet.generate_key().decode()])
    sealed = vault.seal("anna", KEYS)
    assert revealed(vault.open("anna", sealed)) == KEYS
    assert b"apiKey" not in sealed
    with pytest.raises(UsageError, match=r"keys of user anna can not be opened: ENCRYPTION_KEY"):
        Vault([Fernet.generate_key().decode()]).open("anna", sealed)


def test_two_entries_can_not_be_swapped() -> None:
    """What is anna's does not open as bert's."""
    vault = Vault([Fernet.generate_key().decode()])
    with pytest.raises(UsageError, match="belong to another user"):
        vault.open("bert", vault.seal("anna", KEYS))


def test_a_changed_byte_is_noticed() -> None:
    """Encryption is authenticated."""
    vault = Vault([Fernet.generate_key().decode()])
    sealed = bytearray(vault.seal("anna", KEYS))
    sealed[40] ^= 1
    with pytest.raises(UsageError):
        vault.open("anna", bytes(sealed))


def test_a_key_is_replaced_by_giving_both(tmp_path: Path) -> None:
    """New entries are sealed by the first, old ones still open."""
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    sealed = Vault([old]).seal("anna", KEYS)
    both = open_vault(Secret(f"{new}, {old}"), None, tmp_path)
    assert revealed(both.open("anna", sealed)) == KEYS
    assert revealed(Vault([new]).open("bert", both.seal("bert", KEYS))) == KEYS


def test_without_a_key_it_follows_from_the_platforms_secret(tmp_path: Path) -> None:
    """The same secret gives the same key; nothing is written."""
    sealed = open_vault(None, Secret("platform"), tmp_path).seal("anna", KEYS)
    assert revealed(open_vault(None, Secret("platform"), tmp_path).open("anna", sealed)) == KEYS
    with pytest.raises(UsageError):
        open_vault(None, Secret("another"), tmp_path).open("anna", sealed)
    assert list(tmp_path.iterdir()) == []


def test_without_any_secret_a_private_file_holds_the_key(tmp_path: Path) -> None:
    """Mode 0600, made once."""
    sealed = open_vault(None, None, tmp_path / "server").seal("anna", KEYS)
    file = tmp_path / "server" / "encryption.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert revealed(open_vault(None, None, tmp_path / "server").open("anna", sealed)) == KEYS


@pytest.mark.parametrize("key", ["short", "", "x" * 44])
def test_what_is_no_key_is_told_without_showing_it(key: str) -> None:
    """With how to make one."""
    with pytest.raises(UsageError, match="not a Fernet key") as told:
        Vault([key])
    assert not key or key not in str(told.value).replace("Fernet key", "")
