"""The command: ranges, JSON with stable names, a table, a trace, and errors in one sentence."""

from __future__ import annotations

import json

import pytest

from gridhedge.cli.main import main
from tests.simulation.planted.bugs import BUGS


def test_json_has_stable_names(capsys: pytest.CaptureFixture[str]) -> None:
    """Two seeds without a violation; the same figures again."""
    options = ["simulate", "--seeds", "1-2", "--steps", "30", "--jobs", "1", "--json"]
    assert main(options) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"seeds", "steps", "steps_per_second", "violations", "faults", "markers", "hash"}
    assert (told["seeds"], told["violations"]) == ("1-2", [])
    assert told["steps"] > 60
    assert main(options) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["hash"], again["faults"]) == (told["hash"], told["faults"])


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Faults, rare states, and one line of figures."""
    assert main(["simulate", "--seeds", "1", "--steps", "30", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert "F-02   timeout after the server accepted" in out
    assert "1 seeds, 0 violations; " in out
    assert " seeds/s, " in out
    assert "journals " in out


def test_a_failing_seed_is_shortened_and_can_be_shown_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 6; the command that is printed breaks the same invariant, with a trace."""
    BUGS["requests leave before their intent is on disk"].plant(monkeypatch)
    assert main(["simulate", "--seeds", "3", "--steps", "50", "--jobs", "1", "--json"]) == 6
    (violation,) = json.loads(capsys.readouterr().out)["violations"]
    assert set(violation) == {"seed", "step", "invariant", "text", "replay"}
    assert (violation["seed"], violation["invariant"]) == (3, "I-27")
    assert main(violation["replay"].split()[1:]) == 6
    shown = capsys.readouterr()
    assert "VIOLATION I-27" in shown.out
    assert "seed 3, step " in shown.err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--seeds", "9-3"], "--seeds 9-3: not a range of seeds; write 0-499, or 17"),
        (["--seeds", "some"], "--seeds some: not a range of seeds"),
        (["--seeds", "1", "--only", "F-02"], "--only F-02: not a list of strikes; write F-02#3,F-67#14"),
        (["--seeds", "1-2", "--trace"], "--trace shows one seed"),
    ],
)
def test_wrong_options_get_one_sentence(options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and what to write instead."""
    assert main(["simulate", *options]) == 2
    assert sentence in capsys.readouterr().err


def test_a_trace_of_a_sound_seed_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    """Steps, prices and requests, line by line."""
    assert main(["simulate", "--seeds", "1", "--steps", "20", "--only", "none", "--trace"]) == 0
    out = capsys.readouterr().out
    assert "step 20, 00:00:19." in out
    assert "nothing broken" in out
