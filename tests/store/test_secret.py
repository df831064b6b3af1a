"""Secrets and where they come from."""

from __future__ import annotations

import copy
import json
import os
import pickle
import sys
from types import ModuleType, SimpleNamespace

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.store.secret import ApiKeys, Secret, SecretStore

CANARY = "canary" + str(7 * 11 * 13)


def env_file(tmp_path, text, mode=0o600):
    path = tmp_path / ".env"
    path.write_text(text)
    path.chmod(mode)
    return path


def revealed(keys):
    return tuple(value and value.reveal() for value in keys)


def test_a_secret_shows_itself_only_when_asked():
    """repr, str, format, %, containers, exceptions and pickles are masked."""
    secret = Secret(CANARY)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>20}",
        f"{secret:>20}",
        "%s %r" % (secret, secret),  # noqa: UP031  # old code formats like this
        str([secret, {"key": secret}]),
        str(ApiKeys(secret, secret)),
        str(ValueError(secret)),
        str(pickle.dumps(secret)),
        str(vars(SimpleNamespace(secret=secret))),
    ]
    assert [text for text in shown if CANARY in text] == []
    assert secret.reveal() == CANARY
    assert pickle.loads(pickle.dumps(secret)).reveal() == "***"


def test_a_copy_is_the_secret_itself():
    """Settings that are copied keep working keys."""
    secret = Secret(CANARY)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_a_secret_can_not_be_put_into_json():
    """Forgetting to leave it out is an error, not a leak."""
    with pytest.raises(TypeError):
        json.dumps({"key": Secret(CANARY)})


def test_an_accounts_own_keys_come_before_the_plain_ones():
    """001_BYBIT_API_KEY, then BYBIT_API_KEY; names are upper case."""
    own = {"001_BYBIT_API_KEY": "ok", "001_BYBIT_API_SECRET": "os"}
    plain = {"BYBIT_API_KEY": "pk", "BYBIT_API_SECRET": "ps"}
    assert revealed(SecretStore(own | plain).api_keys("001", "bybit")) == ("ok", "os", None)
    assert revealed(SecretStore(own | plain).api_keys("002", "bybit")) == ("pk", "ps", None)


def test_a_key_and_a_secret_of_different_names_are_never_mixed():
    """An own key with only a plain secret is a mistake, and the sentence names what is missing."""
    store = SecretStore({"001_BYBIT_API_KEY": "ok", "BYBIT_API_KEY": "pk", "BYBIT_API_SECRET": "ps"})
    with pytest.raises(UsageError, match=r"^001_BYBIT_API_SECRET is set nowhere; add the line 001_BYBIT_API_SECRET="):
        store.api_keys("001", "bybit")


def test_bitget_s_own_name_for_the_secret_is_as_good() -> None:
    """So old .env files need no new lines."""
    keys = {"BITGET_API_KEY": "k", "BITGET_SECRET_KEY": "s", "BITGET_PASSPHRASE": "p"}
    found = SecretStore(keys).api_keys("001", "bitget", passphrase=True)
    assert [value.reveal() for value in found.values()] == ["k", "s", "p"]


@pytest.mark.parametrize("name", ["BITGET_API_PASSPHRASE", "BITGET_PASSPHRASE"])
def test_a_passphrase_is_asked_for_where_the_venue_has_one(name):
    """Under either of its customary names; without it a sentence."""
    keys = {"BITGET_API_KEY": "k", "BITGET_API_SECRET": "s"}
    assert revealed(SecretStore(keys | {name: "p"}).api_keys("001", "bitget", passphrase=True)) == ("k", "s", "p")
    with pytest.raises(UsageError, match="BITGET_API_PASSPHRASE is set nowhere"):
        SecretStore(keys).api_keys("001", "bitget", passphrase=True)


def test_missing_keys_are_named(tmp_path):
    """Both names, and the file to put them into."""
    with pytest.raises(UsageError) as refusal:
        SecretStore({}, tmp_path / ".env").api_keys("001", "bybit")
    assert str(refusal.value) == (
        "001_BYBIT_API_KEY (or BYBIT_API_KEY) is set nowhere; "
        f"add the line 001_BYBIT_API_KEY=... to {tmp_path / '.env'}, or export it"
    )


def test_the_environment_comes_before_the_file(tmp_path):
    """A value exported for one run beats the one that is kept."""
    path = env_file(tmp_path, "A=file\nB='quoted # not a comment'\nexport C=${HOME}\n# D=1\nE=\n")
    store = SecretStore({"A": "environment", "F": ""}, path)
    found = {name: (secret := store.find(name)) and secret.reveal() for name in "ABCDEF"}
    assert found == {"A": "environment", "B": "quoted # not a comment", "C": "${HOME}", "D": None, "E": None, "F": None}


def test_a_secret_may_lie_in_a_file_of_its_own(tmp_path):
    """As Docker mounts them, with or without an end of line: after the variable itself, before .env."""
    mounted = tmp_path / "bot_secret"
    mounted.write_text("mounted\n")
    env = env_file(tmp_path, "BOT_SECRET=kept\n")
    named = {"BOT_SECRET_FILE": str(mounted)}
    assert SecretStore(named, env).find("BOT_SECRET").reveal() == "mounted"
    assert SecretStore({**named, "BOT_SECRET": "said"}, env).find("BOT_SECRET").reveal() == "said"
    assert SecretStore({}, env).find("BOT_SECRET").reveal() == "kept"


@pytest.mark.parametrize(("content", "sentence"), [(None, "can not be read"), (b"", "is empty"), (b"\xff", "UTF-8")])
def test_a_file_that_was_named_must_hold_something(tmp_path, content, sentence):
    """Never another secret in its place without a word."""
    mounted = tmp_path / "bot_secret"
    if content is not None:
        mounted.write_bytes(content)
    with pytest.raises(UsageError, match=sentence):
        SecretStore({"BOT_SECRET_FILE": str(mounted)}).find("BOT_SECRET")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o666, 0o601])
def test_a_file_that_others_can_read_is_refused(tmp_path, mode):
    """One sentence with the mode and the command that mends it."""
    path = env_file(tmp_path, f"A={CANARY}\n", mode)
    with pytest.raises(UsageError, match=rf"\(mode {mode:04o}\); run: chmod 600 {path}") as refusal:
        SecretStore({}, path)
    assert CANARY not in str(refusal.value)


def test_a_file_of_another_user_is_refused(tmp_path, monkeypatch):
    """Its owner can read it whatever the mode says."""
    path = env_file(tmp_path, "A=1\n")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(UsageError, match="belongs to another user"):
        SecretStore({}, path)


def test_a_stricter_mode_is_welcome(tmp_path):
    """0400 is private, too."""
    assert SecretStore({}, env_file(tmp_path, "A=1\n", 0o400)).find("A").reveal() == "1"


def test_a_line_that_is_no_assignment_is_named_by_number_and_not_shown(tmp_path):
    """The line may be a secret."""
    with pytest.raises(UsageError, match=r"\.env, line 2: not NAME=value") as refusal:
        SecretStore({}, env_file(tmp_path, f"A=1\n= {CANARY}\n"))
    assert CANARY not in str(refusal.value)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    """UTF-16 from a Windows editor gets a sentence."""
    path = env_file(tmp_path, "")
    path.write_bytes("A=1\n".encode("utf-16"))
    with pytest.raises(UsageError, match="not a text file in UTF-8"):
        SecretStore({}, path)


class KeyringError(Exception):
    """What the keyring package raises."""


def keyring(get_password):
    """The part of the optional package that is used."""
    module = ModuleType("keyring")
    module.get_password = get_password
    module.errors = SimpleNamespace(KeyringError=KeyringError)
    return module


def test_the_keyring_comes_first_where_it_is_installed(monkeypatch):
    """Service gridhedge, the same names."""
    kept = {("gridhedge", "BYBIT_API_KEY"): "from the keyring"}
    monkeypatch.setitem(sys.modules, "keyring", keyring(lambda service, name: kept.get((service, name))))
    store = SecretStore({"BYBIT_API_KEY": "e", "BYBIT_API_SECRET": "s"})
    assert revealed(store.api_keys("001", "bybit")) == ("from the keyring", "s", None)


def test_a_keyring_without_a_desktop_is_passed_over(monkeypatch):
    """Servers have none: the environment is asked next."""

    def fail(service, name):
        raise KeyringError("no backend")

    monkeypatch.setitem(sys.modules, "keyring", keyring(fail))
    assert SecretStore({"A": "environment"}).find("A").reveal() == "environment"
