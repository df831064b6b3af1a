"""Is the account ready to trade? Each answer is one line; nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gridhedge.domain.errors import Refused, VenueError
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Check
from gridhedge.venue.binance import parse
from gridhedge.venue.binance.client import Client
from gridhedge.venue.binance.fields import flag, number, table
from gridhedge.venue.clock import clock_check
from gridhedge.venue.fields import Malformed, Row, millis, row, rows, word

__all__ = ["HEDGE_REMEDY", "Key", "checks", "is_hedged", "key", "leverage_of", "machine_clock", "uid"]

_WARN_DAYS = 14
_DAY_MS = 24 * 3600 * 1000
HEDGE_REMEDY = "close all futures positions and cancel all futures orders, or set hedge mode by hand on Binance"


class Key(NamedTuple):
    """What the key may do."""

    may_trade: bool
    may_withdraw: bool
    may_transfer: bool
    is_bound: bool
    """To IP addresses: a key that is not works from everywhere."""
    expires: Millis | None


def key(client: Client) -> Key:
    """The key's own description (``apiRestrictions``). Raises VenueError."""
    item = row(client.read("get_account_api_permissions").body, "permissions")
    return Key(
        may_trade=flag(item, "enableFutures"),
        may_withdraw=flag(item, "enableWithdrawals"),
        may_transfer=flag(item, "enableInternalTransfer") or flag(item, "permitsUniversalTransfer"),
        is_bound=flag(item, "ipRestrict"),
        expires=millis(item, "tradingAuthorityExpirationTime") if "tradingAuthorityExpirationTime" in item else None,
    )


def uid(client: Client) -> str:
    """The futures account's own name (``accountAlias``), the same for every key of it. Raises VenueError."""
    listed = table(client.read("futures_account_balance").body, "balance")
    if not listed:
        raise Refused("Binance lists no futures account for this key; open one and transfer margin to it")
    return word(listed[0], "accountAlias")


def machine_clock(client: Client) -> Check:
    """How far this machine's clock is off. Raises VenueError."""
    return clock_check(client.tell_time, "Binance", is_practice=client.is_practice)


def is_hedged(client: Client) -> bool:
    """Whether long and short are held side by side, in the whole account. Raises VenueError."""
    return flag(row(client.read("futures_get_position_mode").body, "position mode"), "dualSidePosition")


def leverage_of(client: Client, symbol: str) -> tuple[int, str]:
    """A symbol's leverage and margin type. Raises VenueError."""
    for item in table(client.read("futures_symbol_config", symbol=symbol).body, "symbol configuration"):
        if item.get("symbol") == symbol:
            return int(number(item, "leverage")), word(item, "marginType")
    raise Refused(f"{symbol} is not listed at Binance; correct the symbol")


def checks(client: Client, symbols: Sequence[str], asset: str, demo: bool, accepts_unrestricted: bool) -> list[Check]:
    """All lines. A question that Binance can not answer now is a line that fails; what rests on it is left out."""
    lines: list[Check] = []
    try:
        lines.append(machine_clock(client))
        if lines[-1].passed is not False:
            lines += _key(client, demo, accepts_unrestricted)
            lines += _account(client, asset)
            hedged = _hedge(client)
            for symbol in symbols:
                lines.append(hedged._replace(name=f"{symbol} hedge mode"))
                lines += _symbol(client, symbol)
    except VenueError as error:
        name = ("connection", "key", "account")[min(len(lines), 2)]
        lines.append(Check(name, False, str(error)))
    return lines


def _key(client: Client, demo: bool, accepts_unrestricted: bool) -> list[Check]:
    config = row(client.read("futures_account_config").body, "account configuration")
    may_trade = flag(config, "canTrade")
    if not client.tells_permissions:
        trade = "may trade" if may_trade else "may not trade"
        return [
            Check("key", may_trade, f"the key {trade} futures"),
            Check("withdrawal", None, "not verifiable: the demo side does not tell what a key may do"),
        ]
    known = key(client)
    may_trade = may_trade and known.may_trade
    lines = [Check("key", may_trade, f"the key {_TRADES[may_trade]}")]
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
        remedy = "" if tolerated else "; restrict it on Binance, or start with run --i-accept-unrestricted-key"
        lines.append(
            Check("key restrictions", None if tolerated else False, f"the key {' and '.join(open_doors)}{remedy}")
        )
    if known.expires is not None:
        lines.append(_expiry(known.expires, client.tell_time()))
    return lines


_TRADES = {
    True: "may trade futures",
    False: "may not trade futures: give it the permission (it can only be given once a futures account is open)",
}


def _expiry(expires: Millis, now: Millis) -> Check:
    days = (expires - now) // _DAY_MS
    passed = False if days < 0 else None if days < _WARN_DAYS else True
    what = f"expired {-days} days ago: make a new one" if days < 0 else f"expires in {days} days"
    return Check("key expiry", passed, f"the key {what}")


def _account(client: Client, asset: str) -> list[Check]:
    body = row(client.read("futures_account", version=2).body, "account")
    multi = flag(body, "multiAssetsMargin")
    kind = "multi-assets mode: set single-asset mode on Binance, so that each symbol is margined by its own currency"
    lines = [Check("account", not multi, kind if multi else "single-asset mode")]
    wallet = parse.account(body, asset, 0)
    lines.append(Check("wallet", wallet.margin_balance > 0, f"margin balance {wallet.margin_balance:f} {asset}"))
    if body.get("feeBurn") is True and _holds_bnb(body):
        said = "fees are paid in BNB: they are counted as if they were paid in the quote currency"
        lines.append(Check("fees in BNB", None, said))
    return lines


def _holds_bnb(body: Row) -> bool:
    return any(item.get("asset") == "BNB" and number(item, "walletBalance") > 0 for item in rows(body, "assets"))


def _hedge(client: Client) -> Check:
    """One mode for the whole account, whatever the symbol."""
    if is_hedged(client):
        return Check("", True, "long and short are held side by side")
    held = table(client.read("futures_position_information").body, "positions")
    if any(number({"size": str(item.get("positionAmt", "")).lstrip("-")}, "size") for item in held):
        return Check("", False, f"one-way mode with a position: {HEDGE_REMEDY}")
    if table(client.read("futures_get_open_orders").body, "open orders"):
        return Check("", False, f"one-way mode with open orders: {HEDGE_REMEDY}")
    return Check("", None, "one-way mode: run switches it to hedge mode")


def _symbol(client: Client, symbol: str) -> list[Check]:
    leverage, margin = leverage_of(client, symbol)
    if margin not in ("CROSSED", "ISOLATED"):
        raise Malformed(f"a margin type that is not known here: {ascii(margin)[:40]}")
    cross = "cross margin" if margin == "CROSSED" else "isolated margin: run sets cross margin"
    return [
        Check(f"{symbol} margin mode", True if margin == "CROSSED" else None, cross),
        Check(f"{symbol} leverage", True, f"{leverage}x now; run sets the profile's"),
    ]
