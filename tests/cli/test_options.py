"""What several commands take: times, and files to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.cli.options import check_folder, moment, write_result
from gridhedge.domain.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-05-04", 1_746_316_800_000),
        ("2025-05-04T12:00", 1_746_360_000_000),
        ("2025-05-04T12:00:00+02:00", 1_746_352_800_000),
        ("2025-05-04T12:00Z", 1_746_360_000_000),
    ],
)
def test_a_day_or_time_is_utc_unless_it_says_otherwise(text: str, expected: int) -> None:
    """2025-05-04 00:00 UTC is 1,746,316,800 seconds after 1970."""
    assert moment("--since", text) == expected


@pytest.mark.parametrize("text", ["tomorrow", "", "2025-13-01", "04.05.2025"])
def test_anything_else_is_refused_with_the_option_and_an_example(text: str) -> None:
    """The sentence shows what to write."""
    with pytest.raises(UsageError, match="2025-05-04T12:00") as refused:
        moment("--since", text)
    assert str(refused.value).startswith(f"--since {text}: ")


def test_results_are_written_as_they_are(tmp_path: Path) -> None:
    """No line ending is changed."""
    write_result(tmp_path / "x.csv", "a\r\nb\n")
    assert (tmp_path / "x.csv").read_bytes() == b"a\r\nb\n"


def test_a_file_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    """A folder of that name is in the way."""
    with pytest.raises(UsageError, match="choose another file"):
        write_result(tmp_path, "text")


def test_a_missing_folder_is_found_before_the_work(tmp_path: Path) -> None:
    """And one that is there is fine, whether or not the file is."""
    check_folder(tmp_path / "x.json")
    with pytest.raises(UsageError, match="does not exist"):
        check_folder(tmp_path / "gone" / "x.json")
