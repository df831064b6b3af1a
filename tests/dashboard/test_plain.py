"""Without a terminal: a line when something changes, a sign of life in between, and never an exception."""

from decimal import Decimal as D

import pytest

from gridhedge.dashboard.plain import PlainLines
from gridhedge.engine.status import AccountStatus
from tests.dashboard.statuses import TICK, depth_three_against_one, disconnected, emergency, live_money


def written_after(first: AccountStatus, second: AccountStatus) -> list[str]:
    lines: list[str] = []
    plain = PlainLines(lines.append)
    plain.show(first)
    lines.clear()
    plain.show(second)
    return lines


def test_the_first_status_is_written_in_words() -> None:
    """Events, the account's line and one line per symbol."""
    lines: list[str] = []
    PlainLines(lines.append).show(depth_three_against_one())
    assert lines[0] == "14:01:40 001 INFO long take-profit 2,632 @ 0.19854 executed, net +5.1823 USDT"
    assert lines[-2] == (
        "15:06:40 001 bybit demo: equity 10,012.34 USDT, free 8,412.11, reserve 1,501.85, MM 12.4 % of 90 %, connected"
    )
    assert lines[-1] == (
        "15:06:40 001 DOGEUSDT 0.19533: long 2,632 @ 0.19649, 3 filled, 1 waiting, take-profit 0.19858 (1.66 % to go), "
        "unrealised -3.06, net +12.35; short 376 @ 0.19540, 1 filled, 3 waiting, take-profit 0.19333 (1.02 % to go), "
        "unrealised +0.0263, net -0.0421"
    )


def test_a_moving_price_alone_writes_nothing() -> None:
    """Prices and balances always move; only changes of state are news."""
    status = depth_three_against_one()
    moved = status.symbols[0]._replace(last=status.symbols[0].last + TICK)
    assert written_after(status, status._replace(now=status.now + 1000, symbols=(moved,), available=D(1))) == []


def test_a_minute_without_news_writes_a_sign_of_life() -> None:
    """Account and symbol, after 60 s, not after 59.999."""
    status = depth_three_against_one()
    assert written_after(status, status._replace(now=status.now + 59_999)) == []
    assert len(written_after(status, status._replace(now=status.now + 60_000))) == 2


def test_a_lost_connection_is_news() -> None:
    """The account's line names the stream."""
    assert "private DOWN" in written_after(depth_three_against_one(), disconnected())[0]


def test_an_alarm_is_written_when_it_comes_and_when_it_goes() -> None:
    """Once each, not on every tick."""
    calm, alarmed = depth_three_against_one(), emergency()
    assert any("ALARM STOPPED: emergency stop" in line for line in written_after(calm, alarmed))
    assert written_after(alarmed, alarmed) == []
    assert any("alarm over: STOPPED" in line for line in written_after(alarmed, calm))


def test_real_money_is_named() -> None:
    """LIVE MONEY in every account line."""
    assert any(
        "LIVE MONEY" in line
        for line in written_after(depth_three_against_one()._replace(ticks=1, stop="x"), live_money())
    )


def test_a_broken_pipe_ends_the_lines_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """The failure is logged once and the caller never sees it."""

    def broken(line: str) -> None:
        raise BrokenPipeError(f"no reader for {line[:8]}")

    plain = PlainLines(broken)
    plain.show(depth_three_against_one())
    plain.show(emergency())
    assert not plain.is_on
    assert [record.getMessage()[:18] for record in caplog.records] == ["plain output ended"]
