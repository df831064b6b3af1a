"""The hedge broker's program: a close on its account opens the hedges that are due, each exactly once.

A hedge is known by the magic number and the comment of its order, and by the journal. An order whose fate nobody knows
is looked for among positions, orders and deals; only after ``fence_ms`` without a trace, and two looks, is it sent
again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from gridhedge.domain.errors import Refused
from gridhedge.domain.values import ZERO, Millis, Quantity
from gridhedge.mirror.desk import Deal, Terminal, held_with
from gridhedge.mirror.journal import Entry, Journal, Key
from gridhedge.mirror.messages import Side, opposite
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import TradePosition

__all__ = ["MAGIC", "Hedger", "Rules"]

MAGIC = 1_297_000_000
"""Added to the center's number of a position: below 2^31, which some brokers cut magic numbers to."""
_MARK = "gh "
_ROUND_MS = 1_000
_LONGEST_PAUSE_MS = 60_000
_CLOCKS_MS = 600_000
"""How far the clocks of center and hedge broker may be apart."""
_OFFSETS_S = 15 * 3600
"""More than any server's clock is away from UTC."""
_OUT = (C.DEAL_ENTRY_OUT, C.DEAL_ENTRY_OUT_BY, C.DEAL_ENTRY_INOUT)


class Rules(NamedTuple):
    """How positions are hedged. ``fence_ms``: after so long an order without a trace can not appear any more."""

    same_direction: bool = False
    ratio: Decimal = Decimal(1)
    max_volume: Quantity | None = None
    keep_hedge: bool = False
    on_start: bool = False
    fence_ms: Millis = 180_000


class Hedger:
    """One step at a time. Raises VenueError where the terminal can not be read, and DiskFailure.

    ``fetch`` asks the center for everything that is live; None while it can not be reached: hedges that are known to
    be due are opened meanwhile, and a close is answered when it is back.
    """

    def __init__(
        self,
        terminal: Terminal,
        journal: Journal,
        rules: Rules,
        fetch: Callable[[], Sequence[Mapping[str, Any]] | None],
        now: Callable[[], Millis],
        say: Callable[[str], None],
    ) -> None:
        self._terminal, self._journal, self._rules = terminal, journal, rules
        self._fetch, self._now, self._say = fetch, now, say
        self._rows: dict[Key, Mapping[str, Any]] = {}
        """What the center has said last."""
        self._pauses: dict[Key, tuple[Millis, Millis]] = {}
        """When to try again, and how long that pause was."""
        self._negatives: dict[Key, int] = {}
        self._triggered_at: Millis = 0
        self._began = False

    def step(self, synchronise: bool) -> None:
        """Look at the account; ask the center where a close or ``synchronise`` calls for it; do what is due."""
        positions = {held.ticket: held for held in self._terminal.positions()}
        self._notice(positions)
        if synchronise or self._is_triggered():
            self._ask()
        for entry in list(self._journal.entries.values()):
            if self._pauses.get(entry.key, (0, 0))[0] <= self._now():
                self._attend(entry, positions)

    def _is_triggered(self) -> bool:
        return self._journal.note("trigger") > self._journal.note("answered")

    def _notice(self, positions: Mapping[int, TradePosition]) -> None:
        """Has one of the account's positions closed since the last look, or while nobody looked?"""
        journal = self._journal
        first = journal.is_new and not self._began
        gone = journal.known - positions.keys()
        trigger = bool(gone) or self._missed_close() or (self._rules.on_start and not self._began)
        self._began = True
        if trigger and not first:
            self._triggered_at = self._now()
            what = f"position {', '.join(str(ticket) for ticket in sorted(gone)[:5])} has closed" if gone else "a close"
            self._say(f"{what}: hedging what needs it")
        journal.see(positions.keys(), trigger and (not first or self._rules.on_start))

    def _missed_close(self) -> bool:
        """A position that was opened and closed between two looks; looked for now and then."""
        journal, now = self._journal, self._now()
        if now < journal.note("looked_back") + _ROUND_MS:
            return False
        since, after = journal.note("since"), journal.note("deal")
        deals = [deal for deal in self._terminal.deals(max(0, since - 86_400)) if deal.ticket > after]
        journal.keep(
            looked_back=now,
            since=max((deal.time for deal in deals), default=since),
            deal=max((deal.ticket for deal in deals), default=after),
        )
        return after > 0 and any(deal.entry in _OUT for deal in deals)

    # ---- the center --------------------------------------------------------------------------------------------------

    def _ask(self) -> bool:
        """Fetch what is live; where a close is to be answered, all that is pending must be hedged. False: no answer."""
        journal = self._journal
        trigger = journal.note("trigger")
        rows = self._fetch()
        if rows is None:
            return False
        self._rows = {(row["account"], row["ticket"]): row for row in rows}
        for key, row in self._rows.items():
            ours = row["hedge_account"] == self._terminal.account and row["hedge_ticket"]
            if ours and key not in journal.entries and key not in journal.over:
                volume = Decimal(row["hedge_volume"])
                journal.put(Entry(*key, row["id"], "open", 0, row["hedge_ticket"], volume))
        if trigger > journal.note("answered"):
            pending = [(key, row["id"]) for key, row in self._rows.items() if row["status"] == "pending"]
            wanted = [(key, id_) for key, id_ in pending if key not in journal.entries and key not in journal.over]
            journal.want(wanted, trigger)
        return True

    # ---- one hedge ---------------------------------------------------------------------------------------------------

    def _attend(self, entry: Entry, positions: Mapping[int, TradePosition]) -> None:
        if entry.state == "wanted":
            self._open_wanted(entry)
        elif entry.state == "sent":
            self._resolve(entry)
        else:
            self._keep_up(entry, positions)

    def _open_wanted(self, entry: Entry) -> None:
        row = self._rows.get(entry.key)
        if row is None:
            if self._ask() and entry.key not in self._rows:
                self._journal.drop(entry)  # it has closed before anything was sent for it
            return
        if row["status"] != "pending":
            self._journal.drop(entry)
            return
        if _recorded_ms(row) < self._journal.created + _CLOCKS_MS and self._adopt(entry):
            return  # sent before this journal began
        name, side = self._terminal.name(row["symbol"]), self._side(row)
        volume, refused = self._volume(row, name)
        if refused:
            self._refuse(entry, refused)
            return
        comment = comment_of(entry.key)
        self._journal.put(entry._replace(state="sent", sent_at=self._now()))
        deal = self._terminal.open(name, side, volume, MAGIC + entry.id, comment)
        self._read_deal(entry, deal, f"{side} {volume:f} {name}")

    def _read_deal(self, entry: Entry, deal: Deal, what: str) -> None:
        if deal.done:
            waited = f" {self._now() - self._triggered_at} ms after the close" if self._triggered_at else ""
            self._say(f"hedged position {entry.ticket} of {entry.account}: {what}, ticket {deal.ticket}{waited}")
            self._opened(entry, deal.ticket, deal.volume, deal.price)
        elif deal.known:
            self._journal.put(entry._replace(state="wanted", sent_at=0))
            self._refuse(entry, deal.text)
        else:
            self._say(f"position {entry.ticket} of {entry.account}: {what}: {deal.text}; looking for it")
            self._pauses[entry.key] = (self._now() + _ROUND_MS, _ROUND_MS)

    def _resolve(self, entry: Entry) -> None:
        """An order that may have been carried out: find it, or send again when it can not appear any more."""
        key, now = entry.key, self._now()
        if self._adopt(entry):
            self._negatives.pop(key, None)
            return
        if now < entry.sent_at + self._rules.fence_ms or self._terminal.orders_with(MAGIC + entry.id):
            self._pauses[key] = (now + _ROUND_MS, _ROUND_MS)
            return
        self._negatives[key] = self._negatives.get(key, 0) + 1
        self._pauses[key] = (now + _ROUND_MS, _ROUND_MS)
        if self._negatives[key] >= 2:
            del self._negatives[key], self._pauses[key]
            self._say(f"position {entry.ticket} of {entry.account}: its hedge was never carried out; it is due again")
            self._journal.put(entry._replace(state="wanted", sent_at=0))

    def _adopt(self, entry: Entry) -> bool:
        """Look for the hedge of a position among open positions and deals; True if it is there."""
        magic, key = MAGIC + entry.id, entry.key
        for held in held_with(self._terminal.positions(), magic):
            if self._is_hedge_of(key, held.ticket, held.comment):
                self._opened(entry, held.ticket, _decimal(held.volume), _decimal(held.price_open))
                return True
        since = max(0, entry.sent_at // 1000 - _OFFSETS_S)
        for deal in self._terminal.deals(since):
            opened = deal.magic == magic and deal.entry == C.DEAL_ENTRY_IN
            if opened and self._is_hedge_of(key, deal.position_id, deal.comment):
                self._opened(entry, deal.position_id, _decimal(deal.volume), _decimal(deal.price))
                return True
        return False

    def _is_hedge_of(self, key: Key, ticket: int, comment: str) -> bool:
        """By comment; where the broker has rewritten it, a ticket that is nobody else's hedge."""
        if comment.startswith(_MARK):
            return comment == comment_of(key)
        return self._journal.tickets.get(ticket, key) == key

    def _opened(self, entry: Entry, ticket: int, volume: Quantity, price: Decimal) -> None:
        now = self._now()
        message = {
            "id": entry.id, "hedge_account": self._terminal.account, "hedge_ticket": ticket, "volume": f"{volume:f}",
            "price": f"{price:f}",
        }  # fmt: skip
        opened = entry._replace(state="open", sent_at=now, hedge_ticket=ticket, volume=volume)
        self._journal.put(opened, "/hedged_position/", message, now)
        self._pauses.pop(entry.key, None)

    def _refuse(self, entry: Entry, reason: str) -> None:
        """Try again later, ever less often; the center shows why."""
        last = self._pauses.get(entry.key, (0, _ROUND_MS // 2))[1]
        pause = min(last * 2, _LONGEST_PAUSE_MS)
        now = self._now()
        if entry.key not in self._pauses:
            self._say(f"position {entry.ticket} of {entry.account} is not hedged: {reason}; trying again")
            self._journal.tell("/refused_position/", {"id": entry.id, "reason": reason[:300]}, now)
        self._pauses[entry.key] = (now + pause, pause)

    # ---- open hedges -------------------------------------------------------------------------------------------------

    def _keep_up(self, entry: Entry, positions: Mapping[int, TradePosition]) -> None:
        """Follow what happens to a hedge and to its position."""
        held, row = positions.get(entry.hedge_ticket), self._rows.get(entry.key)
        if held is None:
            self._follow_close(entry, row)
            return
        if row is not None and row["status"] == "closing":
            if self._rules.keep_hedge:
                self._end(entry, "kept: its position is closed")
            else:
                self._reduce(entry, held, ZERO)
            return
        volume = _decimal(held.volume)
        if volume != entry.volume:
            message = {"id": entry.id, "volume": f"{volume:f}"}
            self._say(f"hedge {held.ticket}: volume {entry.volume:f} -> {volume:f}")
            entry = entry._replace(volume=volume)
            self._journal.put(entry, "/changed_hedge/", message, self._now())
        if row is not None and row["hedge_ticket"] == entry.hedge_ticket:
            target = self._target(row, held.symbol)
            if volume > target:
                self._reduce(entry, held, target)

    def _follow_close(self, entry: Entry, row: Mapping[str, Any] | None) -> None:
        """A hedge that is not listed: closed if its deals say so, else not listed yet."""
        deals = self._terminal.deals_of(entry.hedge_ticket)
        closed = sum((_decimal(deal.volume) for deal in deals if deal.entry in _OUT), ZERO)
        opened = sum((_decimal(deal.volume) for deal in deals if deal.entry == C.DEAL_ENTRY_IN), ZERO)
        if not deals or closed < opened:
            self._pauses[entry.key] = (self._now() + _ROUND_MS // 10, _ROUND_MS // 10)
            return
        closing = row is not None and row["status"] == "closing"
        self._end(entry, "its position is closed" if closing else "closed at the hedge broker")

    def _end(self, entry: Entry, reason: str) -> None:
        self._say(f"hedge {entry.hedge_ticket} of position {entry.ticket} of {entry.account}: {reason}")
        message = {"id": entry.id, "reason": reason}
        self._journal.put(entry._replace(state="over"), "/closed_hedge/", message, self._now())
        self._pauses.pop(entry.key, None)

    def _reduce(self, entry: Entry, held: TradePosition, target: Quantity) -> None:
        """Close what the hedge has too much. By ticket, so that a whole close can be asked for again and again; a part
        whose fate is unknown waits for the fence."""
        volume = _decimal(held.volume)
        deal = self._terminal.close_position(held, volume - target)
        now = self._now()
        if deal.done or deal.gone:
            self._pauses[entry.key] = (now + _ROUND_MS // 10, _ROUND_MS // 10)  # lists may lag
        elif deal.known:
            last = self._pauses.get(entry.key, (0, _ROUND_MS // 2))[1]
            pause = min(last * 2, _LONGEST_PAUSE_MS)
            self._say(f"hedge {held.ticket} can not be closed: {deal.text}; trying again")
            self._pauses[entry.key] = (now + pause, pause)
        else:
            pause = _ROUND_MS if target == 0 else self._rules.fence_ms
            self._pauses[entry.key] = (now + pause, pause)

    # ---- what a hedge is ---------------------------------------------------------------------------------------------

    def _side(self, row: Mapping[str, Any]) -> Side:
        side: Side = row["side"]
        return side if self._rules.same_direction else opposite(side)

    def _target(self, row: Mapping[str, Any], name: str) -> Quantity:
        """The volume that hedges a position: lots of the hedge broker's size, cut to its step."""
        info = self._terminal.info(name)
        volume = Decimal(row["open_volume"]) * self._rules.ratio
        theirs = Decimal(row["contract_size"])
        if theirs:
            volume = volume * theirs / self._terminal.contract(name)
        if self._rules.max_volume is not None:
            volume = min(volume, self._rules.max_volume)
        step = _decimal(info.volume_step)
        return volume // step * step

    def _volume(self, row: Mapping[str, Any], name: str) -> tuple[Quantity, str]:
        """The volume to be sent, or why it can not be."""
        try:
            info = self._terminal.info(name)
        except Refused as error:
            return ZERO, str(error)
        volume = self._target(row, name)
        if volume < _decimal(info.volume_min):
            return ZERO, f"{volume:f} lots are below the minimum {info.volume_min} of {name}"
        if volume > _decimal(info.volume_max):
            return ZERO, f"{volume:f} lots are above the maximum {info.volume_max} of {name}: set --max-volume"
        return volume, ""


def comment_of(key: Key) -> str:
    """The comment of a hedge order: account and ticket of what it hedges."""
    return f"{_MARK}{key[0]} {key[1]}"[:31]


def _decimal(number: float) -> Decimal:
    return Decimal(repr(float(number)))


def _recorded_ms(row: Mapping[str, Any]) -> Millis:
    return round(datetime.fromisoformat(row["recorded_at"]).timestamp() * 1000)
