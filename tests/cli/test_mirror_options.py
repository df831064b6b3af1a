"""Settings of the mirror's programs."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from gridhedge.cli.mirror_options import password_of, settings_of, token
from gridhedge.domain.errors import UsageError

ARGUMENTS: dict[str, Any] = {
    "path": "tcp://127.0.0.1:18812", "login": 501234, "server": "Demo", "prefix": "m", "exec_mode": "FOK",
    "symbols": ("EURUSD",),
}  # fmt: skip
NOTHING: dict[str, Any] = dict.fromkeys(ARGUMENTS)


def test_the_seed_s_positional_arguments_are_enough() -> None:
    """Execution modes count in any case."""
    settings = settings_of(None, ARGUMENTS, {})
    assert (settings.login, settings.prefix, settings.exec_mode, settings.symbols) == (501234, "m", "fok", ("EURUSD",))
    assert (settings.center, settings.volume_ratio) == ("http://127.0.0.1:8100", D(1))


def test_a_profile_says_the_same_and_the_command_line_counts_more(tmp_path: Path) -> None:
    """The options have the same names."""
    file = tmp_path / "client-01.yaml"
    file.write_text("path: a\nlogin: 1\nserver: S\nsymbols: [EURUSD, XAUUSD]\nvolume_ratio: 0.5\npoll_ms: 100\n")
    settings = settings_of(file, NOTHING | {"login": 2}, {"poll_ms": None, "volume_ratio": D(2)})
    assert (settings.login, settings.symbols, settings.poll_ms) == (2, ("EURUSD", "XAUUSD"), 100)
    assert settings.volume_ratio == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("login: [", "can not be read as YAML"),
        ("- 1", "write one setting per line"),
        ("password: x", r"password does not belong here; put GRIDHEDGE_MT5_PASSWORD=\.\.\. into \.env"),
        ("logn: 5", "logn: Extra inputs are not permitted"),
        ("login: five", "login: .* not 'five'"),
    ],
)
def test_a_wrong_profile_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    """With the file and the field."""
    file = tmp_path / "p.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=sentence) as error:
        settings_of(file, {**NOTHING, "path": "x", "server": "S", "login": None if "login" in text else 1}, {})
    assert "p.yaml" in str(error.value)


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With a dash or nothing; one on the command line is told apart. The token likewise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDHEDGE_MT5_PASSWORD", "quiet")
    monkeypatch.setenv("GRIDHEDGE_MIRROR_TOKEN", "shared")
    assert [password_of(given)[0].reveal() for given in ("-", None)] == ["quiet", "quiet"]
    password, is_shown = password_of("loud")
    assert (password.reveal(), is_shown) == ("loud", True)
    found = token()
    assert found is not None
    assert found.reveal() == "shared"
