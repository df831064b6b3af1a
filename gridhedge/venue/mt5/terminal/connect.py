"""Signing in to a terminal, and whether it is the right one: an order on a wrong account is the worst failure."""

from __future__ import annotations

from typing import NamedTuple

from gridhedge.domain.errors import NotSent, Refused, Unclear, VenueError
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import AccountInfo, TerminalInfo

__all__ = ["Access", "complaints", "read_failure", "server_offset_s", "sign_in", "state_of"]

_HOUR_S = 3600
_FRESH_S = 120
_NETTING = {C.ACCOUNT_MARGIN_MODE_RETAIL_NETTING: "netting", C.ACCOUNT_MARGIN_MODE_EXCHANGE: "exchange (netting)"}


class Access(NamedTuple):
    """Which terminal, and which account in it."""

    path: str
    login: int
    password: str
    server: str
    timeout_ms: int = 60_000

    def __repr__(self) -> str:
        return f"Access(path={self.path!r}, login={self.login}, server={self.server!r})"


def sign_in(api: Mt5Api, access: Access) -> None:
    """Start the terminal, sign in, and look whether it is this account on this server.

    Raises Refused for a wrong password or another account than asked for, NotSent where there is no terminal.
    """
    if not api.initialize(
        access.path, login=access.login, password=access.password, server=access.server, timeout=access.timeout_ms
    ):
        code, text = api.last_error()
        if code == C.RES_E_AUTH_FAILED:
            raise Refused(
                f"account {access.login} is not let in at {access.server} ({text}): check login, password and server "
                "(accounts with one-time passwords can not be used)"
            )
        raise NotSent(
            f"the terminal at {access.path} can not be reached ({code}: {text}): is it installed there and not "
            "running as another user, or is the bridge up?"
        )
    _, account = state_of(api)
    if (account.login, account.server) != (access.login, access.server):
        raise Refused(
            f"the terminal at {access.path} holds account {account.login} at {account.server}, not {access.login} at "
            f"{access.server}: give each account a terminal in a folder of its own"
        )


def state_of(api: Mt5Api) -> tuple[TerminalInfo, AccountInfo]:
    """Terminal and account as they are now. Raises NotSent or Unclear."""
    terminal = api.terminal_info()
    account = api.account_info() if terminal is not None else None
    if terminal is None or account is None:
        raise read_failure(api.last_error())
    return terminal, account


def read_failure(error: tuple[int, str]) -> VenueError:
    """The error for a read that returned None."""
    code, text = error
    if code == C.RES_E_INTERNAL_FAIL_CONNECT:
        return NotSent(f"the terminal is not connected ({code}: {text})")
    return Unclear(f"the terminal does not answer ({code}: {text})")


def complaints(terminal: TerminalInfo, account: AccountInfo) -> list[str]:
    """Why this account can not be traded by programs, each with its remedy; empty when it can."""
    found = []
    if account.margin_mode != C.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING:
        kind = _NETTING.get(account.margin_mode, f"of margin mode {account.margin_mode}")
        found.append(
            f"account {account.login} is a {kind} account, where a sell closes a buy: open a hedging account at the "
            "broker and use that"
        )
    if account.fifo_close:
        found.append(f"account {account.login} must close its oldest position first (FIFO): a grid can not")
    if not terminal.connected:
        found.append("the terminal has no connection to the broker: look at its lower right corner")
    if not account.trade_allowed:
        found.append("this password can only look (investor password): use the master password")
    if not account.trade_expert:
        found.append("the broker does not let programs trade on this account: ask them")
    if not terminal.trade_allowed:
        found.append("the button Algo Trading is off in the terminal: press it")
    if terminal.tradeapi_disabled:
        found.append("trading through Python is switched off: Tools, Options, Expert Advisors")
    return found


def server_offset_s(server_s: int, now_s: int) -> int | None:
    """How far the trade server's clock is ahead of UTC, from the time of a fresh tick; None if it is not fresh.

    Brokers' clocks are whole hours away from UTC.
    """
    ahead = server_s - now_s
    hours = round(ahead / _HOUR_S)
    return hours * _HOUR_S if abs(ahead - hours * _HOUR_S) <= _FRESH_S and abs(hours) <= 14 else None
