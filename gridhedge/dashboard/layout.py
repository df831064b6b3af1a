"""The whole screen: exactly as wide and at most as high as asked for, whatever there is to show.

What gives way, in this order, when lines are short: older events, levels far from the price (counted), whole ladders
(compact rows), the account's gauges. Alarms come right under the account and are never pushed off.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from gridhedge.dashboard.account import alarm_lines, alarms_of, event_lines, events_rule, head, short_head
from gridhedge.dashboard.figures import clean
from gridhedge.dashboard.lines import QUIET, beside, exactly
from gridhedge.dashboard.symbol import LEAST_HEIGHT, block, compact_row, compact_titles, height_wanted
from gridhedge.engine.status import AccountStatus, RecentEvent

_LEAST_EVENTS = 3
_SIDE_PANE_FROM = 160
_SIDE_PANE = 60


def render(accounts: Sequence[AccountStatus], width: int, height: int) -> Text:
    """The screen for these accounts. Pure: equal statuses give equal screens."""
    screen = Text("\n", no_wrap=True, overflow="crop", end="").join(screen_lines(accounts, width, height))
    screen.no_wrap, screen.overflow, screen.end = True, "crop", ""
    return screen


def screen_lines(accounts: Sequence[AccountStatus], width: int, height: int) -> list[Text]:
    """At most ``height`` lines of exactly ``width`` cells."""
    if width <= 0 or height <= 0:
        return []
    if not accounts:
        return [exactly(Text("waiting for the first tick …", QUIET), width)]
    events = _events(accounts)
    if width >= _SIDE_PANE_FROM:
        left = width - _SIDE_PANE - 3
        pane = [events_rule(_SIDE_PANE), *event_lines(events, _SIDE_PANE, height - 1)]
        return beside(_top(accounts, left, height), pane, " │ ", left, _SIDE_PANE)[:height]
    reserved = min(_LEAST_EVENTS, 1 + len(events)) if events and height >= 16 else 0
    top = _top(accounts, width, height - reserved)
    room = height - len(top)
    bottom = [events_rule(width), *event_lines(events, width, room - 1)] if events and room >= 2 else []
    return [*top, *bottom][:height]


def _top(accounts: Sequence[AccountStatus], width: int, height: int) -> list[Text]:
    """Accounts, alarms and symbols: full, or compact where the full picture has no room."""
    full = _full(accounts, width, height) if len(accounts) <= 2 else None
    return (full or _compact(accounts, width, height))[:height]


def _full(accounts: Sequence[AccountStatus], width: int, height: int) -> list[Text] | None:
    """Every symbol with its ladders; None if there is no room for that."""
    most = max(3, height // 5)
    alarms = [alarm_lines(alarms_of(account, _prefix(account, accounts)), width, most) for account in accounts]
    tops = [[*head(account, width), *loud] for account, loud in zip(accounts, alarms, strict=True)]
    symbols = [symbol for account in accounts for symbol in account.symbols]
    spare = height - sum(len(top) for top in tops) - LEAST_HEIGHT * len(symbols)
    if spare < 0:
        return None
    lines = []
    for account, top in zip(accounts, tops, strict=True):
        lines += top
        for symbol in account.symbols:
            more = min(spare, max(0, height_wanted(symbol) - LEAST_HEIGHT))
            spare -= more
            lines += block(symbol, account.now, width, LEAST_HEIGHT + more)
    return lines


def _compact(accounts: Sequence[AccountStatus], width: int, height: int) -> list[Text]:
    """All alarms, then one line per symbol, and as much of each account's head as fits."""
    alarms = [alarm for account in accounts for alarm in alarms_of(account, _prefix(account, accounts))]
    loud = alarm_lines(alarms, width, max(3, height // 4))
    rows = sum(len(account.symbols) for account in accounts)
    tall = len(loud) + rows + 4 * len(accounts) + 1 <= height
    lines: list[Text] = []
    for index, account in enumerate(accounts):
        lines += head(account, width) if tall else [short_head(account, width)]
        if index == 0:
            lines += [*loud, compact_titles(width)]
        lines += [compact_row(symbol, width) for symbol in account.symbols]
    if len(lines) > height:
        hidden = len(lines) - height + 1
        lines = [*lines[: height - 1], exactly(Text(f"… {hidden} more lines", QUIET), width)]
    return lines


def _prefix(account: AccountStatus, accounts: Sequence[AccountStatus]) -> str:
    return f"{clean(account.account)}: " if len(accounts) > 1 else ""


def _events(accounts: Sequence[AccountStatus]) -> list[RecentEvent]:
    if len(accounts) == 1:
        return list(accounts[0].events)
    named = [
        event._replace(text=f"{account.account}: {event.text}") for account in accounts for event in account.events
    ]
    return sorted(named, key=lambda event: event.at)
