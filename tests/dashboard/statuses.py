"""Statuses as a session would show them: DOGE at 1 % steps, quantities 376, 752, 1504, …"""

from __future__ import annotations

from decimal import Decimal as D

from gridhedge.domain.values import Side
from gridhedge.engine.status import (
    AccountStatus,
    Connection,
    LadderRow,
    RecentEvent,
    RowState,
    SideStatus,
    SymbolStatus,
)

NOW = 1_750_000_000_000
TICK = D("0.00001")
START = D("0.19933")


def quantity(level: int) -> D:
    return D(376 * 2**level)


def ladder_price(side: Side, level: int, start: D = START) -> D:
    return (start * (1 - side.sign * D("0.01")) ** level).quantize(TICK)


def rows(side: Side, filled: int, resting: int, start: D = START) -> tuple[LadderRow, ...]:
    """Levels 0 .. filled-1 executed, then ``resting`` levels that rest."""
    made = []
    for level in range(filled + resting):
        state: RowState = "filled" if level < filled else "resting"
        size = quantity(level)
        made.append(LadderRow(level, ladder_price(side, level, start), size, size if level < filled else D(0), state))
    return tuple(made)


def side_status(side: Side, levels: tuple[LadderRow, ...], last: D, realised: str = "12.3456") -> SideStatus:
    held = sum((row.filled for row in levels), D(0))
    if not held:
        return SideStatus(side, D(0), None, None, None, D(0), D(realised), 3, levels)
    average = sum((row.filled * row.price for row in levels), D(0)) / held
    target = (average * (1 + side.sign * D("0.0106"))).quantize(TICK)
    distance = (target / last - 1) * 100 * side.sign
    unrealised = side.sign * held * (last - average)
    return SideStatus(side, held, average, target, distance, unrealised, D(realised), 14, levels)


def symbol_status(
    long: tuple[LadderRow, ...],
    short: tuple[LadderRow, ...],
    last: str = "0.19533",
    symbol: str = "DOGEUSDT",
    alarms: tuple[str, ...] = (),
) -> SymbolStatus:
    price = D(last)
    wave = (0, 3, 5, 9, 14, 12, 16, 11, 6, 2, -3, -8, -12, -9, -13, -17, -15, -11, -6, -2)
    return SymbolStatus(
        symbol=symbol,
        strategy="symmetric",
        bid=price - TICK,
        ask=price,
        last=price,
        mark=price,
        price_at=NOW - 300,
        tick_size=TICK,
        long=side_status(Side.LONG, long, price),
        short=side_status(Side.SHORT, short, price, "-0.0421"),
        unhedged_seconds_last=D("0.412"),
        unhedged_seconds_max=D("1.250"),
        prices=tuple(price + step * TICK * 9 for step in wave * 3),
        alarms=alarms,
    )


EVENTS = (
    RecentEvent(NOW - 3_900_000, "info", "long take-profit 2,632 @ 0.19854 executed, net +5.1823 USDT"),
    RecentEvent(NOW - 3_899_700, "info", "long re-opened: 1 now-level, levels 1 and 2 rest"),
    RecentEvent(NOW - 65_000, "info", "long level 2 executed: 1,504 @ 0.19535; short level 2 rests as its insurance"),
    RecentEvent(NOW - 64_000, "warning", "look-ahead level 9 withheld: needs 412.80, spendable 350.00"),
    RecentEvent(NOW - 1_000, "info", "take-profit long moved to 0.19854"),
)


def account_status(*symbols: SymbolStatus, account: str = "001") -> AccountStatus:
    return AccountStatus(
        account=account,
        venue="bybit",
        demo=True,
        dry_run=False,
        now=NOW,
        started=NOW - 11_520_000,
        ticks=11_520,
        margin_balance=D("10012.3400"),
        wallet_balance=D("10016.1200"),
        available=D("8412.11"),
        reserve=D("1501.851"),
        mm_rate=D("12.3912"),
        mm_threshold=D("90.0"),
        quote="USDT",
        connections=(Connection("public", True, NOW - 200), Connection("private", True, NOW - 1_900)),
        symbols=symbols,
        events=EVENTS,
        alarms=(),
        stop="",
    )


def cold_start() -> AccountStatus:
    opening = LadderRow(0, START, D(376), D(0), "now")
    now_long = (opening, LadderRow(1, D("0.19733"), D(752), D(0), "resting"))
    now_short = (opening, LadderRow(1, D("0.20133"), D(752), D(0), "resting"))
    return account_status(symbol_status(now_long, now_short, "0.19933"))._replace(events=())


def depth_three_against_one() -> AccountStatus:
    """Short took profit on the way down and has re-opened at 0.19540."""
    return account_status(symbol_status(rows(Side.LONG, 3, 1), rows(Side.SHORT, 1, 3, D("0.19540"))))


def deep() -> AccountStatus:
    """Long has executed all ten levels; short has re-opened eight of them at one price, two rest."""
    at = D("0.18205")
    held = tuple(LadderRow(k, at, quantity(k), quantity(k), "filled") for k in range(8))
    resting = tuple(LadderRow(k, ladder_price(Side.SHORT, k - 7, at), quantity(k), D(0), "resting") for k in (8, 9))
    return account_status(symbol_status(rows(Side.LONG, 10, 0), (*held, *resting), "0.18210"))


def re_entry() -> AccountStatus:
    """Short took profit while long holds eight levels: six now-levels, of which one is half done and one unanswered."""
    at = D("0.18500")
    states: tuple[RowState, ...] = ("filled", "partly", "now", "now", "unknown", "now")
    done = (D(376), D(400), D(0), D(0), D(0), D(0))
    now_levels = tuple(LadderRow(k, at, quantity(k), done[k], states[k]) for k in range(6))
    resting = tuple(
        LadderRow(k, ladder_price(Side.SHORT, k - 5, at), quantity(k), D(0), "resting") for k in range(6, 9)
    )
    return account_status(symbol_status(rows(Side.LONG, 8, 1), (*now_levels, *resting), "0.18498"))


def emergency() -> AccountStatus:
    status = depth_three_against_one()
    return status._replace(
        mm_rate=D("93.2"),
        available=D("120.00"),
        stop="emergency stop: MM rate 93.2 % reached the threshold of 90 %; gridhedge resume --account 001",
        alarms=("MM rate 93.2 % is over the threshold of 90 %",),
        events=(*EVENTS, RecentEvent(NOW, "critical", "EMERGENCY: nothing more is sent for this account")),
    )


def live_money() -> AccountStatus:
    return depth_three_against_one()._replace(demo=False)


def disconnected() -> AccountStatus:
    links = (Connection("public", True, NOW - 200), Connection("private", False, NOW - 192_000))
    return depth_three_against_one()._replace(connections=links)


def dry_run() -> AccountStatus:
    return depth_three_against_one()._replace(dry_run=True)


def several_symbols() -> AccountStatus:
    names = ("DOGEUSDT", "BTCUSDT", "ETHUSDT", "SOLUSDT", "1000PEPEUSDT")
    long, short = rows(Side.LONG, 3, 1), rows(Side.SHORT, 1, 3, D("0.19540"))
    symbols = [symbol_status(long, short, symbol=name) for name in names]
    symbols[2] = symbols[2]._replace(alarms=("level 4 refused for lack of margin",))
    return account_status(*symbols)


SAMPLES = {
    sample.__name__: sample
    for sample in (
        cold_start,
        depth_three_against_one,
        deep,
        re_entry,
        emergency,
        live_money,
        disconnected,
        dry_run,
        several_symbols,
    )
}
