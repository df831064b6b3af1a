"""The study file: whatever tears it, what was whole is kept; another search's is never touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gridhedge.domain.errors import AlreadyRunning, UsageError
from gridhedge.replay.study import Study
from gridhedge.replay.trial import Outcome
from tests.replay.test_objective import figures

FINGERPRINT = {"profile": "abc", "seed": 1, "window": (0, 10)}
RUN = Outcome(figures("40"))
REFUSED = Outcome(None, "too much")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.study.jsonl"


@pytest.fixture
def filled(path: Path) -> Path:
    with Study(path, FINGERPRINT, 0) as study:
        study.write("search", (0, 1), {"step": "0.4"}, RUN)
        study.write("search", (0, 2), {"step": "0.5"}, REFUSED)
        study.write("holdout", (0, 1), {"step": "0.4"}, RUN)
    return path


KNOWN = {("search", (0, 1)): RUN, ("search", (0, 2)): REFUSED, ("holdout", (0, 1)): RUN}


def test_what_was_written_is_known_again(filled: Path) -> None:
    """One line per trial behind the fingerprint, readable by other programs, private."""
    with Study(filled, FINGERPRINT, 0) as study:
        assert study.known == KNOWN
    lines = [json.loads(line) for line in filled.read_text().splitlines()]
    assert lines[0] == {"study": 1, "profile": "abc", "seed": 1, "window": [0, 10]}
    assert lines[1]["values"] == {"step": "0.4"}
    assert lines[1]["net_profit"] == "40"
    assert lines[2]["refused"] == "too much"
    assert filled.stat().st_mode & 0o777 == 0o600


def test_a_kill_at_any_byte_loses_the_torn_line_only(filled: Path) -> None:
    """Cut anywhere, it opens, knows the whole lines, and the same lines make the same file again."""
    content = filled.read_bytes()
    for cut in range(len(content)):
        filled.write_bytes(content[:cut])
        with Study(filled, FINGERPRINT, 0) as study:
            whole = max(content[:cut].count(b"\n") - 1, 0)
            assert study.known == dict(list(KNOWN.items())[:whole])
            for part, point in list(KNOWN)[whole:]:
                values = {"step": "0.5" if point == (0, 2) else "0.4"}
                study.write(part, point, values, KNOWN[part, point])
        assert filled.read_bytes() == content


def test_another_search_is_refused_and_nothing_is_overwritten(filled: Path) -> None:
    """The sentence names what is different."""
    before = filled.read_bytes()
    with pytest.raises(UsageError) as refused:
        Study(filled, {**FINGERPRINT, "seed": 2, "profile": "x"}, 0)
    assert str(refused.value) == (
        f"{filled}: is the study of another search (different: profile, seed); "
        "repeat that one's options to go on with it, or give --study another name"
    )
    assert filled.read_bytes() == before


@pytest.mark.parametrize("text", ["account: 001\n", "{}\n", "[]\n", "no line end", "\0\0\0\n"])
def test_a_file_that_is_no_study_is_left_alone(path: Path, text: str) -> None:
    """It may be somebody's."""
    path.write_text(text)
    with pytest.raises(UsageError, match=r":1: is not a study; give --study another name"):
        Study(path, FINGERPRINT, 0)
    assert path.read_text() == text


@pytest.mark.parametrize("line", ["{", "{}", '{"part": "search", "point": [1], "from": "x"}', "3", "\0"])
def test_a_damaged_line_is_told_with_its_number(filled: Path, line: str) -> None:
    """Not guessed at."""
    lines = filled.read_text().splitlines()
    filled.write_text("\n".join([*lines[:2], line, *lines[2:]]) + "\n")
    with pytest.raises(UsageError) as refused:
        Study(filled, FINGERPRINT, 0)
    assert str(refused.value) == f"{filled}:3: is damaged; remove the line: its trial is replayed again"


def test_two_searches_never_write_one_study(path: Path) -> None:
    """The second one is told; afterwards the file is free again."""
    with Study(path, FINGERPRINT, 0):
        with pytest.raises(AlreadyRunning, match="another search writes this study"):
            Study(path, FINGERPRINT, 0)
    Study(path, FINGERPRINT, 0).close()
