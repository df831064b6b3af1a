"""Is the account ready to trade? Each answer is one line; nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gridhedge.domain.errors import Refused, VenueError
from gridhedge.engine.ports import Check
from gridhedge.venue.bitget.classic import Classic
from gridhedge.venue.bitget.client import Client
from gridhedge.venue.bitget.errors import CLASSIC_HERE, CodedRefusal
from gridhedge.venue.bitget.generation import Generation, Identity
from gridhedge.venue.bitget.rules import unknown_symbol
from gridhedge.venue.bitget.unified import Unified
from gridhedge.venue.clock import clock_check
from gridhedge.venue.fields import row

__all__ = ["HEDGE_REMEDY", "checks", "generation_of", "machine_clock"]

HEDGE_REMEDY = "close all positions and cancel all orders of USDT futures, or set hedge mode by hand on Bitget"


def generation_of(client: Client) -> Generation:
    """Ask which generation the key's account is of: never guess. Raises VenueError.

    Without a key there is no account, and what everybody may ask is the same in both.
    """
    if client.is_public:
        return Classic(client)
    try:
        settings = row(client.read("v3/account/settings").data, "data")
    except CodedRefusal as refusal:
        if refusal.code in CLASSIC_HERE:
            return Classic(client)
        raise
    if "holdMode" not in settings:
        raise Refused("Bitget does not tell whether this is a classic or a unified account; try again later")
    return Unified(client)


def machine_clock(client: Client) -> Check:
    """How far this machine's clock is off. Raises VenueError."""
    return clock_check(lambda: client.look("v2/public/time").at, "Bitget", is_practice=client.is_practice)


def checks(
    client: Client,
    speaks: Callable[[], Generation],
    identity: Callable[[], Identity],
    symbols: Sequence[str],
    demo: bool,
    accepts_unrestricted: bool,
) -> list[Check]:
    """All lines. A question that Bitget can not answer now is a line that fails; what rests on it is left out."""
    lines: list[Check] = []
    try:
        lines.append(machine_clock(client))
        if lines[-1].passed is not False:
            account = speaks()
            lines += _key(identity(), demo, accepts_unrestricted)
            unknown = _unknown(account, symbols)
            lines += unknown or _account(account, symbols)
    except VenueError as error:
        name = ("connection", "key", "account")[min(len(lines), 2)]
        lines.append(Check(name, False, str(error)))
    return lines


def _key(known: Identity, demo: bool, accepts_unrestricted: bool) -> list[Check]:
    if known.may_trade is None:
        text = "Bitget tells what a key may do only to keys that may read spot; withdrawal is not verifiable"
        return [Check("key", None, text), Check("withdrawal", None, "not verifiable: give the key leave to read spot")]
    trade = "may trade futures" if known.may_trade else "may not trade: give it orders and positions of contracts"
    lines = [Check("key", known.may_trade, f"key of account {known.uid} {trade}")]
    if known.may_withdraw:
        text = "the key may withdraw: make one that can trade and nothing else, and delete this one"
        lines.append(Check("withdrawal", False, text))
    else:
        lines.append(Check("withdrawal", True, "the key can not withdraw"))
    open_doors = [
        what
        for what, is_open in (("may transfer", known.may_transfer), ("works from every IP address", not known.is_bound))
        if is_open
    ]
    if open_doors:
        tolerated = demo or accepts_unrestricted
        remedy = "" if tolerated else "; restrict it on Bitget, or start with run --i-accept-unrestricted-key"
        lines.append(
            Check("key restrictions", None if tolerated else False, f"the key {' and '.join(open_doors)}{remedy}")
        )
    return lines


def _unknown(account: Generation, symbols: Sequence[str]) -> list[Check]:
    """A line for each symbol that can not be traded."""
    lines = []
    for symbol in symbols:
        try:
            account.instrument(symbol)
        except Refused as error:
            lines.append(Check(symbol, False, str(unknown_symbol(symbol, error))))
    return lines


def _account(account: Generation, symbols: Sequence[str]) -> list[Check]:
    found = {symbol: account.settings(symbol) for symbol in symbols}
    trouble = next((each.trouble for each in found.values() if each.trouble), "")
    lines = [Check("account", not trouble, trouble or account.kind)]
    crossed = all(each.is_crossed for each in found.values())
    text = "crossed margin" if crossed else "isolated margin: run sets crossed margin"
    lines.append(Check("margin mode", True if crossed else None, text))
    money = account.account()
    lines.append(Check("wallet", money.margin_balance > 0, f"margin balance {money.margin_balance:f} USDT"))
    held = {position.symbol for position in account.positions()} if all(e.is_hedged for e in found.values()) else set()
    for symbol, each in found.items():
        if each.is_hedged:
            lines.append(Check(f"{symbol} hedge mode", True, "long and short are held side by side"))
        else:
            lines.append(Check(f"{symbol} hedge mode", None, "one-way mode: run switches it to hedge mode"))
        now = f"{each.leverage.normalize():f}x now" if each.leverage else "not told"
        text = f"{now}; run sets the profile's" + (", while a position is held" if symbol in held else "")
        lines.append(Check(f"{symbol} leverage", True, text))
    return lines
