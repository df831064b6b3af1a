"""Is the account ready to trade? Each answer is one line; nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from gridhedge.domain.errors import Refused, VenueError
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Check
from gridhedge.venue.bybit import parse
from gridhedge.venue.bybit.client import Client
from gridhedge.venue.clock import clock_check
from gridhedge.venue.fields import Malformed, Row, integer, row, rows, text, word

__all__ = ["HEDGE_REMEDY", "Identity", "checks", "identity", "legs", "machine_clock"]

_WARN_DAYS = 14
_WITHDRAWING = ("Withdraw",)
_TRANSFERRING = ("AccountTransfer", "SubMemberTransfer", "SubMemberTransferList")
HEDGE_REMEDY = "close its position and cancel its orders, or set hedge mode by hand on Bybit"


class Identity(NamedTuple):
    """Whom the key belongs to and what it may do."""

    uid: str
    may_trade: bool
    may_withdraw: bool
    may_transfer: bool
    is_bound: bool
    """To IP addresses: a key that is not works from everywhere."""
    expires_in_days: int | None


def identity(client: Client) -> Identity:
    """The key's own description. Raises VenueError."""
    answer = client.read("get_api_key_information")
    result = answer.result
    permissions = row(result.get("permissions"), "permissions")
    may_trade = {"Order", "Position"} <= set(_words(permissions, "ContractTrade"))
    wallet = _words(permissions, "Wallet")
    addresses = _words(result, "ips")
    expires = text(result, "expiredAt")
    return Identity(
        uid=str(integer(result, "userID", 0, 1 << 62)),
        may_trade=may_trade and integer(result, "readOnly", 0, 1) == 0,
        may_withdraw=any(name in wallet for name in _WITHDRAWING),
        may_transfer=any(name in wallet for name in _TRANSFERRING),
        is_bound=bool(addresses) and "*" not in addresses,
        # keys bound to addresses do not expire: their date lies at the beginning of time
        expires_in_days=None if expires.startswith("1970") or not expires else _days_until(expires, answer.at),
    )


def _words(holder: Row, name: str) -> list[str]:
    value = holder.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Malformed(f"Bybit: {name} is not a list of texts")
    return value


def _days_until(moment: str, now: Millis) -> int:
    try:
        return (datetime.fromisoformat(moment) - datetime.fromtimestamp(now / 1000, UTC)).days
    except (ValueError, TypeError) as error:
        raise Malformed(f"Bybit: expiredAt is not a time but {ascii(moment)[:40]}") from error


def machine_clock(client: Client) -> Check:
    """How far this machine's clock is off. Raises VenueError."""
    return clock_check(lambda: client.read("get_server_time").at, "Bybit", is_practice=client.is_practice)


def legs(client: Client, symbol: str) -> list[parse.Leg]:
    """Both sides of a symbol's position in hedge mode, or its one side in one-way mode. Raises VenueError."""
    result = client.read("get_positions", category="linear", symbol=symbol).result
    return [parse.leg(item) for item in rows(result, "list")]


def checks(client: Client, symbols: Sequence[str], demo: bool, accepts_unrestricted: bool) -> list[Check]:
    """All lines. A question that Bybit can not answer now is a line that fails; what rests on it is left out."""
    lines: list[Check] = []
    try:
        lines.append(machine_clock(client))
        if lines[-1].passed is not False:
            lines += _key(identity(client), demo, accepts_unrestricted)
            lines += _account(client)
            for symbol in symbols:
                lines += _symbol(client, symbol)
    except VenueError as error:
        name = ("connection", "key", "account")[min(len(lines), 2)]
        lines.append(Check(name, False, str(error)))
    return lines


def _key(known: Identity, demo: bool, accepts_unrestricted: bool) -> list[Check]:
    trade = "may trade contracts" if known.may_trade else "may not trade: give it orders and positions of contracts"
    lines = [Check("key", known.may_trade, f"key of account {known.uid} {trade}")]
    if known.may_withdraw:
        text_ = "the key may withdraw: make one that can trade and nothing else, and delete this one"
        lines.append(Check("withdrawal", False, text_))
    else:
        lines.append(Check("withdrawal", True, "the key can not withdraw"))
    open_doors = [
        what
        for what, is_open in (("may transfer", known.may_transfer), ("works from every IP address", not known.is_bound))
        if is_open
    ]
    if open_doors:
        tolerated = demo or accepts_unrestricted
        remedy = "" if tolerated else "; restrict it on Bybit, or start with run --i-accept-unrestricted-key"
        lines.append(
            Check("key restrictions", None if tolerated else False, f"the key {' and '.join(open_doors)}{remedy}")
        )
    if known.expires_in_days is not None:
        days = known.expires_in_days
        passed = False if days < 0 else None if days < _WARN_DAYS else True
        left = f"expires in {days} days" if days > 0 else "expires within a day"
        what = f"expired {-days} days ago: make a new one" if days < 0 else left
        lines.append(Check("key expiry", passed, f"the key {what}"))
    return lines


def _account(client: Client) -> list[Check]:
    info = client.read("get_account_info").result
    status = integer(info, "unifiedMarginStatus", 0, 100)
    unified = status in (3, 4, 5, 6)
    kind = "unified trading account" if unified else "classic account: upgrade it to a unified trading account"
    mode = word(info, "marginMode")
    cross = "cross margin" if mode == "REGULAR_MARGIN" else f"{mode.lower()}: run sets cross margin"
    wallet = _wallet_row(client)
    money = parse.account(wallet, 0)
    return [
        Check("account", unified, kind),
        Check("margin mode", True if mode == "REGULAR_MARGIN" else None, cross),
        Check("wallet", money.margin_balance > 0, f"margin balance {money.margin_balance:f} USD"),
    ]


def _wallet_row(client: Client) -> Row:
    found = rows(client.read("get_wallet_balance", accountType="UNIFIED").result, "list")
    if not found:
        raise Refused("Bybit lists no unified trading account for this key")
    return found[0]


def _symbol(client: Client, symbol: str) -> list[Check]:
    found = legs(client, symbol)
    hedged = sorted(item.leg for item in found) == [1, 2]
    lines = []
    if hedged:
        lines.append(Check(f"{symbol} hedge mode", True, "long and short are held side by side"))
    elif any(item.quantity for item in found):
        lines.append(Check(f"{symbol} hedge mode", False, f"one-way mode with a position: {HEDGE_REMEDY}"))
    elif _has_orders(client, symbol):
        lines.append(Check(f"{symbol} hedge mode", False, f"one-way mode with open orders: {HEDGE_REMEDY}"))
    else:
        lines.append(Check(f"{symbol} hedge mode", None, "one-way mode: run switches it to hedge mode"))
    leverages = sorted({f"{item.leverage.normalize():f}x" for item in found})
    lines.append(Check(f"{symbol} leverage", True, f"{' and '.join(leverages)} now; run sets the profile's"))
    return lines


def _has_orders(client: Client, symbol: str) -> bool:
    answer = client.read("get_open_orders", category="linear", symbol=symbol, openOnly=0, limit=1)
    return bool(rows(answer.result, "list"))
