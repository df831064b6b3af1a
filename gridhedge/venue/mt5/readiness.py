"""Is the account ready to trade? Each answer is one line; nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Sequence

from gridhedge.domain.errors import VenueError
from gridhedge.engine.ports import Check
from gridhedge.venue.mt5.reads import Reads, wall_ms
from gridhedge.venue.mt5.terminal.connect import complaints
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import AccountInfo

__all__ = ["checks"]

_KINDS = {
    C.ACCOUNT_TRADE_MODE_DEMO: "demo",
    C.ACCOUNT_TRADE_MODE_CONTEST: "contest",
    C.ACCOUNT_TRADE_MODE_REAL: "real",
}


def checks(reads: Reads, symbols: Sequence[str], demo: bool) -> list[Check]:
    """All lines. A question that the terminal can not answer now is a line that fails; what rests on it is left out."""
    lines: list[Check] = []
    try:
        terminal, account = reads.state()
        lines.append(Check("terminal", True, f"build {terminal.build} at {terminal.path}"))
        lines.append(_kind(account, demo))
        lines += [Check("account", False, text) for text in complaints(terminal, account)]
        if lines[-1].passed:
            lines.append(Check("account", True, f"hedging account {account.login} at {account.server}; may trade"))
        lines.append(Check("withdrawal", None, "not verifiable: a trading password of MT5 can not withdraw"))
        lines.append(Check("wallet", account.equity > 0, f"equity {account.equity} {account.currency}"))
        lines.append(Check("leverage", True, f"1:{account.leverage}, set by the broker"))
        for symbol in symbols:
            lines.append(_symbol(reads, symbol))
        lines.append(_clock(reads, symbols))
    except VenueError as error:
        lines.append(Check("connection" if not lines else "symbol", False, str(error)))
    return lines


def _kind(account: AccountInfo, demo: bool) -> Check:
    """A real account is traded only where the profile says so, and a demo account only where it says that."""
    kind = _KINDS.get(account.trade_mode, f"of trade mode {account.trade_mode}")
    expected = C.ACCOUNT_TRADE_MODE_DEMO if demo else C.ACCOUNT_TRADE_MODE_REAL
    if account.trade_mode == expected:
        return Check("account kind", True, f"a {kind} account, as the profile says")
    said = "demo_trading: true" if demo else "demo_trading: false"
    return Check("account kind", False, f"a {kind} account, but the profile says {said}: correct one of them")


def _symbol(reads: Reads, symbol: str) -> Check:
    rules = reads.rules(symbol)
    info = reads.info(symbol)
    least = f"{rules.instrument.min_quantity:f} {rules.instrument.base}"
    text = f"{rules.name}: spread {info.spread} points, at least {least}, stops level {info.trade_stops_level} points"
    return Check(symbol, True, text)


def _clock(reads: Reads, symbols: Sequence[str]) -> Check:
    """Only a fresh price tells the server's clock."""
    for symbol in symbols:
        tick = reads.tick(symbol)
        age = (wall_ms() - reads.utc(tick.time_msc)) / 1000
        if abs(age) <= 120:
            return Check(
                "clock", True, f"the trade server's clock agrees with this machine's: {age:.1f} s, hours aside"
            )
    return Check("clock", None, "no fresh price, so that the server's clock can not be read: is the market closed?")
