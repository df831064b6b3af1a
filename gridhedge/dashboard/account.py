"""The account's part of the screen: whose money, how much, how near the limits, who is connected, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from textwrap import wrap

from rich.text import Text

from gridhedge.dashboard.figures import age_text, clean, clock_text, fixed, gauge, money_text
from gridhedge.dashboard.lines import (
    CALM_BADGE,
    GAIN,
    LOSS,
    LOUD,
    NOTE_BADGE,
    QUIET,
    WARNING,
    Piece,
    exactly,
    piece,
    row,
    rule,
)
from gridhedge.domain.values import HUNDRED, ZERO
from gridhedge.engine.status import AccountStatus, Connection, RecentEvent

_NARROW = 76
_LEVEL_STYLES = {"info": "", "warning": WARNING, "error": LOSS, "critical": LOUD}
_LEVEL_MARKS = {"info": " ", "warning": "!", "error": "x", "critical": "‼"}
LEGEND = "● filled ◐ partly ◌ now ▷ next ○ resting ? unknown"


def head(status: AccountStatus, width: int) -> list[Text]:
    """Identity and equity, gauges, connections: three lines, four where the gauges do not fit side by side."""
    available, margin = _gauges(status, width)
    gauges = [row(width, [available]), row(width, [margin])] if width < _NARROW else [row(width, [available], [margin])]
    wallet = piece(f"wallet {money_text(status.wallet_balance)}", QUIET, 3)
    runtime = piece(f"up {age_text(status.now - status.started)}", QUIET, 2)
    ticks = piece(f"tick {status.ticks:,}", QUIET, 3)
    return [
        row(width, _identity(status), [_equity(status), wallet]),
        *gauges,
        row(width, [_connection(link, status.now) for link in status.connections], [runtime, ticks]),
    ]


def short_head(status: AccountStatus, width: int) -> Text:
    """The same on one line, for many accounts on one screen."""
    down = [link for link in status.connections if not link.up]
    links = _connection(down[0], status.now) if down else piece("● connected", GAIN, 3)
    free = piece(f"free {money_text(status.available)}", "" if status.available >= status.reserve else LOSS, 2)
    return row(width, _identity(status), [_equity(status), free, piece(_rate(status), _rate_style(status), 1), links])


def alarms_of(status: AccountStatus, prefix: str = "") -> list[str]:
    """Everything that must be seen: why nothing is sent, the account's alarms, the symbols' alarms."""
    stop = [f"{prefix}STOPPED: {clean(status.stop)}"] if status.stop else []
    account = [f"{prefix}{clean(alarm)}" for alarm in status.alarms]
    symbols = [f"{prefix}{clean(one.symbol)}: {clean(alarm)}" for one in status.symbols for alarm in one.alarms]
    return [*stop, *account, *symbols]


def alarm_lines(alarms: Sequence[str], width: int, most: int) -> list[Text]:
    """Loud lines, long alarms wrapped; beyond ``most`` lines the last one counts the rest."""
    lines = [line for alarm in alarms for line in wrap(f" ‼ {alarm}", max(width, 8), subsequent_indent="   ")]
    if len(lines) > most:
        lines = [*lines[: max(most - 1, 0)], f" ‼ … {len(lines) - most + 1} more lines of alarms"]
    return [exactly(Text(line, LOUD), width) for line in lines]


def event_lines(events: Sequence[RecentEvent], width: int, most: int) -> list[Text]:
    """The newest ``most`` events, latest last."""
    return [_event(event, width) for event in events[-most:]] if most > 0 else []


def events_rule(width: int) -> Text:
    return rule(width, [piece("last events, UTC", QUIET)], [piece(LEGEND, QUIET, 1)])


def _event(event: RecentEvent, width: int) -> Text:
    style = _LEVEL_STYLES[event.level]
    text = Text.assemble((clock_text(event.at), QUIET), (f" {_LEVEL_MARKS[event.level]} ", style))
    return exactly(text.append(clean(event.text), style), width)


def _identity(status: AccountStatus) -> list[Piece]:
    mode = piece(" DEMO ", CALM_BADGE) if status.demo else piece(" LIVE MONEY ", LOUD)
    dry = [piece(" DRY RUN ", NOTE_BADGE)] if status.dry_run else []
    return [piece(clean(status.account), "bold"), piece(clean(status.venue)), mode, *dry]


def _equity(status: AccountStatus) -> Piece:
    return Piece(Text.assemble("equity ", (money_text(status.margin_balance), "bold"), f" {clean(status.quote)}"))


def _gauges(status: AccountStatus, width: int) -> tuple[Piece, Piece]:
    free = f"free {money_text(status.available)} "
    kept = f" reserve {money_text(status.reserve)}"
    rate, limit = f"{_rate(status)} ", f" stop at {fixed(status.mm_threshold, 0)} %"
    room = width - 4 - len(free + kept) if width < _NARROW else (width - 8 - len(free + kept + rate + limit)) // 2
    cells = max(3, min(room, 30))
    free_style = "" if status.available >= status.reserve else LOSS
    bar = gauge(status.available, status.margin_balance, status.reserve, cells)
    margin = gauge(status.mm_rate, HUNDRED, status.mm_threshold, cells)
    rate_style = _rate_style(status)
    return (
        Piece(Text.assemble((free, free_style), (bar, free_style or GAIN), kept)),
        Piece(Text.assemble((rate, rate_style), (margin, rate_style or GAIN), limit)),
    )


def _rate(status: AccountStatus) -> str:
    return f"MM {fixed(status.mm_rate, 1)} %"


def _rate_style(status: AccountStatus) -> str:
    """Quiet up to half the threshold, where the bot starts to look more often; red from the threshold on."""
    if status.mm_rate >= status.mm_threshold:
        return f"bold {LOSS}"
    return WARNING if status.mm_rate > ZERO and status.mm_rate * Decimal(2) >= status.mm_threshold else ""


def _connection(link: Connection, now: int) -> Piece:
    age = age_text(now - link.since)
    if link.up:
        return Piece(Text.assemble(("● ", GAIN), clean(link.stream), (f" {age}", QUIET)), 1)
    return piece(f"✕ {clean(link.stream)} DOWN {age}", f"bold {LOSS}")
