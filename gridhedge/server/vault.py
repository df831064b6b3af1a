"""Keys of users at rest: encrypted with Fernet (AES-128-CBC and HMAC-SHA256), the key from the environment."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gridhedge.domain.errors import UsageError
from gridhedge.store.files import atomic_write, private_directory
from gridhedge.store.secret import Secret

__all__ = ["Vault", "open_vault"]


class Vault:
    """Seals and opens. The first of several keys seals, all of them open: that is how a key is replaced."""

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise UsageError(
                "ENCRYPTION_KEY: not a Fernet key (32 bytes, URL-safe base64); make one with: python -c "
                "'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
            ) from None

    def seal(self, owner: str, secrets: Mapping[str, str]) -> bytes:
        """Encrypt what belongs to ``owner``. The owner is sealed with it, so that nobody can swap two entries."""
        return self._fernet.encrypt(json.dumps({"owner": owner, **secrets}).encode())

    def open(self, owner: str, sealed: bytes) -> dict[str, Secret]:
        """The secrets of ``owner``. Raises UsageError when the key does not fit or they are somebody else's."""
        try:
            found = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            raise UsageError(
                f"the keys of user {owner} can not be opened: ENCRYPTION_KEY (or BOT_SECRET, where there is none) has "
                "changed; give the old key as well (ENCRYPTION_KEY=new,old), or register the user again"
            ) from None
        if found.pop("owner") != owner:
            raise UsageError(f"the keys stored for user {owner} belong to another user; register the user again")
        return {name: Secret(value) for name, value in found.items()}


def open_vault(encryption_key: Secret | None, bot_secret: Secret | None, folder: Path) -> Vault:
    """The vault of a server: ``ENCRYPTION_KEY`` (several with commas), else a key derived from ``BOT_SECRET``.

    A server without any secret, which listens on this machine only, keeps a key in a private file in ``folder``.
    Raises UsageError for a key that is none, DiskFailure.
    """
    if encryption_key is not None:
        return Vault([key.strip() for key in encryption_key.reveal().split(",")])
    if bot_secret is not None:
        derived = HKDF(SHA256(), 32, None, b"gridhedge keys of users").derive(bot_secret.reveal().encode())
        return Vault([base64.urlsafe_b64encode(derived).decode()])
    path = folder / "encryption.key"
    if not path.exists():
        private_directory(folder)
        atomic_write(path, Fernet.generate_key())
    try:
        return Vault([path.read_text(encoding="ascii")])
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: can not be read ({error}); put a copy back, or set ENCRYPTION_KEY") from error
