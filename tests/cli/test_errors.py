"""Errors become one sentence and an exit code."""

from __future__ import annotations

import logging

import click
import pytest

from gridhedge.cli.errors import report
from gridhedge.domain.errors import (
    AlreadyRunning,
    DiskFailure,
    EmergencyStop,
    NotSent,
    RateLimited,
    Refused,
    RiskStop,
    Unclear,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x.yaml:1: account: is missing"), 2),
        (Refused("no"), 3),
        (NotSent("no"), 3),
        (Unclear("no"), 3),
        (RateLimited("no", 5), 3),
        (EmergencyStop("no"), 4),
        (AlreadyRunning("no"), 5),
        (RiskStop("no"), 6),
        (DiskFailure("no"), 6),
    ],
)
def test_our_own_errors_are_their_sentence_and_their_code(
    capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    """Nothing is added but the program's name, and stdout stays for data."""
    assert report(error) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"gridhedge: {error}\n")


def test_wrong_usage_of_click_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """And says what click says."""
    assert report(click.UsageError("no such thing")) == 2
    assert capsys.readouterr().err == "Error: no such thing\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_ends_with_130(capsys: pytest.CaptureFixture[str], error: BaseException) -> None:
    """By the keyboard, or by leaving a question unanswered."""
    assert report(error) == 130
    assert capsys.readouterr().err == "gridhedge: interrupted\n"


def test_an_unexpected_error_is_one_line_and_its_traceback_goes_to_the_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user sees what, the log keeps where."""
    monkeypatch.delenv("GRIDHEDGE_DEBUG", raising=False)
    with caplog.at_level(logging.INFO, logger="gridhedge"):
        try:
            raise ZeroDivisionError("one\ntwo")
        except ZeroDivisionError as error:
            assert report(error) == 1
    said = capsys.readouterr().err
    assert said == "gridhedge: unexpected error: ZeroDivisionError: one; details in the log\n"
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_without_a_log_the_sentence_names_the_way_to_details(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not send the user to a log that nobody writes."""
    monkeypatch.delenv("GRIDHEDGE_DEBUG", raising=False)
    monkeypatch.setattr(logging.getLogger("gridhedge"), "propagate", False)
    assert report(KeyError()) == 1
    assert capsys.readouterr().err == "gridhedge: unexpected error: KeyError; GRIDHEDGE_DEBUG=1 shows details\n"


def test_debugging_shows_the_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """For whoever mends it."""
    monkeypatch.setenv("GRIDHEDGE_DEBUG", "1")
    try:
        raise ZeroDivisionError("one")
    except ZeroDivisionError as error:
        assert report(error) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err
