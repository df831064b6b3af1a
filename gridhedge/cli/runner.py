"""One account from lock to close: opens its files, trades until told to stop, and leaves everything in order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from gridhedge.cli.accounts import command_line
from gridhedge.cli.audience import EmergencyFile, FileAudience
from gridhedge.cli.build import Market, paper_file, paper_venue, real_venue, restored
from gridhedge.cli.ready import KEY_RESTRICTIONS, make_ready
from gridhedge.cli.reload import Reload
from gridhedge.domain.errors import DiskFailure, EmergencyStop, RiskStop
from gridhedge.domain.events import Event, RiskAccepted
from gridhedge.domain.values import Millis, Money
from gridhedge.engine.assemble import Parts, assemble
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.loop import Loop
from gridhedge.engine.ports import Check, Clock, Journal, Venue
from gridhedge.engine.status import AccountStatus
from gridhedge.notify.herald import Herald
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import ExchangeSettings, Mt5Settings
from gridhedge.store.emergency import Emergency, raise_emergency, read_emergency
from gridhedge.store.files import private_directory
from gridhedge.store.ledger import Ledger, open_ledger
from gridhedge.store.lock import RunLock, account_lock
from gridhedge.store.logs import AccountLogs, Logs, line
from gridhedge.store.memory import MemoryJournal
from gridhedge.store.rows import open_reader
from gridhedge.store.secret import ApiKeys
from gridhedge.store.state import read_state
from gridhedge.venue.paper.disk import PaperDisk
from gridhedge.venue.paper.exchange import Exchange

_LAST_STEPS = 20
"""A stop may take so many reactions; a market that never rests must not keep the bot from ending."""

Show = Callable[[AccountStatus], object]


class Options(NamedTuple):
    """What the command line adds to a profile."""

    data: Path
    ticks: int | None
    speed: float
    """Seconds on the embedded exchange per second of the clock; 0: as fast as possible."""
    accepts_unrestricted_key: bool = False
    """Trade real money with a key that may transfer, or that works from every IP address."""
    in_place: str = ""
    """What it says in place of the profile, as it was written."""


class Outcome(NamedTuple):
    """What a run of one account came to."""

    status: AccountStatus
    earned: Money
    """Change of the margin balance from the first moment of this run to the last."""
    orders: int
    """Own orders that rest at the exchange now."""
    data_ended: bool
    """Whether it ended because the recorded prices did."""


class Opened(NamedTuple):
    """A venue that is ready, and what there is to say about it."""

    venue: Venue
    clock: Clock
    remarks: list[Check]
    is_over: Callable[[], bool]
    """Whether recorded prices have ended."""
    lost: Callable[[], str]
    """Why trading must stop until a person has looked; empty while all is well."""


class Pacer:
    """Keeps the embedded exchange's time in step with the clock on the wall."""

    def __init__(self, speed: float, stop: threading.Event) -> None:
        self._speed = speed
        self._stop = stop
        self._due = time.monotonic()

    def __call__(self, passed: Millis) -> None:
        """Sleep as long as ``passed`` milliseconds of the exchange should have taken; a stop wakes it."""
        if self._speed <= 0:
            return
        self._due += passed / 1000 / self._speed
        ahead = self._due - time.monotonic()
        if ahead > 0:
            self._stop.wait(ahead)
        elif ahead < -1:
            self._due = time.monotonic()


class Runner:
    """Holds the account's lock from construction to ``close``; ``market`` comes new from ``build.market_of``.

    Raises AlreadyRunning, EmergencyStop (a stop is set: nothing is opened) and DiskFailure.
    """

    def __init__(
        self,
        profile: Profile,
        market: Market,
        options: Options,
        logs: Logs,
        stop: threading.Event,
        herald: Herald | None = None,
    ) -> None:
        self.profile = profile
        self._market = market
        self._options = options
        self._stop = stop
        self.herald = herald
        self._reload: Reload | None = None
        self._folder = options.data / profile.account
        private_directory(self._folder)
        refuse_emergency(self._folder, profile.account)
        self._locks: list[RunLock] = [account_lock(options.data, profile.account, _wall_ms())]
        self._logs: AccountLogs = logs.account(profile.account)
        self._ledger: Ledger | None = None
        self._audience: FileAudience | None = None
        self._venue: Venue | None = None
        self._ends: Callable[[], bool] = lambda: False
        self.outcome: Outcome | None = None
        """Known once ``run`` has ended, also when it ended with a RiskStop."""

    def follow(self, reload: Reload) -> None:
        """Take over what is edited in the profile's file from now on; ``close`` ends it, too."""
        self._reload = reload

    def run(self, show: Show) -> None:
        """Trade until the stop event is set, the ticks are done or recorded prices end; nothing if it is set already.

        Raises RiskStop when a stop was raised meanwhile, UsageError, VenueError and DiskFailure. A disk that fails
        while it trades is an emergency stop as well: a supervisor must not start it again and again.
        """
        loop, audience, lost = self._open()
        try:
            self._trade(loop, audience, lost, show)
        except DiskFailure as error:
            raise self._stopped_by(error) from error

    def _trade(self, loop: Loop, audience: FileAudience, lost: Callable[[], str], show: Show) -> None:
        bot = self._logs.bot
        profile = self.profile
        bot.info(line("starting", account=profile.account, profile=profile.digest, dry_run=profile.dry_run))
        if self._stop.is_set():
            return
        before = loop.session.account.margin_balance
        loop.start()
        audience.publish(show)

        def after_tick() -> None:
            if why := lost():
                loop.session.stopper.raise_stop(loop.session, loop.session.desks[0].symbol, why)
            self._follow_profile(loop, audience)
            audience.publish(show)

        loop.run(self._options.ticks, self._is_over, after_tick)
        _settle(loop)
        loop.stop()
        audience.stepped()
        status = audience.publish(show, last=True)
        orders = sum(len(desk.book.orders) for desk in loop.session.desks)
        ended = self._ends() and not self._stop.is_set()
        self.outcome = Outcome(status, status.margin_balance - before, orders, ended)
        bot.info(line("stopped", ticks=loop.ticks, equity=status.margin_balance, orders=orders))
        if status.stop:
            raise RiskStop(_risk_sentence(self.profile, status.stop, self._folder))

    def _stopped_by(self, failure: DiskFailure) -> DiskFailure:
        """The same failure once the account's stop is set, or as it is where the disk does not even take that."""
        if self.profile.dry_run:
            return failure
        with suppress(DiskFailure):
            raise_emergency(self._folder, Emergency(_wall_ms(), "", str(failure)))
        return DiskFailure(emergency_sentence(self._folder, self.profile.account) or str(failure))

    def _follow_profile(self, loop: Loop, audience: FileAudience) -> None:
        if self._reload is not None and not loop.session.stopper.reason:
            self._reload.look(loop.session, audience)
            self.profile = self._reload.profile

    def _is_over(self) -> bool:
        return self._stop.is_set() or self._ends()

    def _open(self) -> tuple[Loop, FileAudience, Callable[[], str]]:
        market = self._market
        opened = self._open_paper(market) if isinstance(market, Exchange) else self._open_real(market)
        venue, self._ends = opened.venue, opened.is_over
        journal, remembered, damages = self._journal()
        quote = venue.instrument(self.profile.symbols[0].symbol).quote
        demo = not self.profile.venue.real_money
        audience = FileAudience(self._folder, self._logs, self._ledger, demo, quote, self.herald)
        self._audience = audience
        stop_file = None if self.profile.dry_run else EmergencyFile(self._folder)
        parts = Parts(venue, journal, opened.clock, DequeInbox(), audience, stop_file)
        loop = assemble(self.profile, parts, remembered)
        audience.attend(loop)
        for damage in damages:
            audience.said("critical", damage)
        if self._options.in_place:
            audience.noted(f"in place of the profile: {self._options.in_place}")
        for check in opened.remarks:
            audience.said("info" if check.passed else "warning", f"{check.name}: {check.text}")
            if self._options.accepts_unrestricted_key and check.name == KEY_RESTRICTIONS:
                loop.session.record(RiskAccepted("", f"--i-accept-unrestricted-key: {check.text}", opened.clock.now()))
        return loop, audience, opened.lost

    def _open_paper(self, exchange: Exchange) -> Opened:
        disk = self._exchange_disk(exchange)
        venue = paper_venue(self.profile, exchange, disk, Pacer(self._options.speed, self._stop))
        self._venue = venue
        return Opened(venue, venue, [], lambda: exchange.ended, lambda: "")

    def _open_real(self, keys: ApiKeys) -> Opened:
        """Raises Refused when the account is not ready, another VenueError when that can not be known now, and
        AlreadyRunning when a symbol of it is traded by another bot."""
        settings = self.profile.venue
        assert isinstance(settings, ExchangeSettings | Mt5Settings), "keys are for real venues"
        venue = real_venue(
            self.profile,
            keys,
            self._options.accepts_unrestricted_key,
            folder=None if self.profile.dry_run else self._folder,
        )
        self._venue = venue
        checks = make_ready(venue, self.profile, self._locks)
        patience = settings.private_stream_timeout_seconds

        def lost() -> str:
            return (
                f"no {settings.account_stream} for {patience} s" if venue.private_down_ms() >= patience * 1000 else ""
            )

        return Opened(venue, venue, checks, lambda: False, lost)

    def _exchange_disk(self, exchange: Exchange) -> PaperDisk | None:
        """A dry run begins where the exchange stands and leaves no trace on it."""
        file = paper_file(self._options.data, self.profile.account)
        if not self.profile.dry_run:
            return restored(exchange, file)
        if file.exists():
            restored(exchange, file).close()
        return None

    def _journal(self) -> tuple[Journal, Iterable[Event], list[str]]:
        """The journal, the events of earlier runs, and sentences about what was damaged and is kept aside.

        A dry run remembers the ledger and writes into memory: nothing of what it imagines may be taken for true later.
        """
        path = self._folder / "ledger.sqlite3"
        if self.profile.dry_run:
            return MemoryJournal(), _events_of(path), []
        _, damaged_state = read_state(self._folder / "bot_state.json")
        is_lost = not path.exists() and (self._folder / "trades_history.csv").exists()
        self._ledger, damaged_ledger = open_ledger(path)
        if is_lost and damaged_ledger is None:
            damaged_ledger = f"{path}: is gone, though this account has run before; a new one was begun from the venue"
        damages = [text for text in (damaged_state, damaged_ledger) if text is not None]
        return self._ledger, self._ledger.events(), damages

    def close(self) -> None:
        """Close venue and ledger, and let go of the locks. Orders stay. Raises DiskFailure."""
        with ExitStack() as last:
            for lock in self._locks:
                last.callback(lock.release)
            for opened in (self._ledger, self._audience, self._venue, self._reload):
                if opened is not None:
                    last.callback(opened.close)


def _wall_ms() -> Millis:
    return time.time_ns() // 1_000_000


def _settle(loop: Loop) -> None:
    """React to what has arrived until nothing is left to do, so that no fill is left without its take-profit."""
    for _ in range(_LAST_STEPS):
        if loop.session.stopper.is_done or not loop.session.step():
            return


def _events_of(ledger: Path) -> list[Event]:
    if not ledger.exists():
        return []
    with open_reader(ledger) as reader:
        return list(reader.events())


def emergency_sentence(folder: Path, account: str) -> str:
    """Why an account's emergency stop is set and how to lift it; empty if none is."""
    emergency = read_emergency(folder)
    if emergency is None:
        return ""
    return (
        f"account {account} has an emergency stop: {emergency.reason}; look at it, then run: "
        f"{command_line('resume', folder.parent, account)}"
    )


def refuse_emergency(folder: Path, account: str) -> None:
    """Raises EmergencyStop while the account's stop file is there."""
    sentence = emergency_sentence(folder, account)
    if sentence:
        raise EmergencyStop(sentence)


def log_failure(account: str, error: BaseException) -> None:
    """The traceback goes to the account's log only."""
    logging.getLogger(f"gridhedge.account.{account}").critical("run_failed", exc_info=error)


def _risk_sentence(profile: Profile, reason: str, folder: Path) -> str:
    """What stopped, what became of the orders, and what to do. A dry run leaves no stop file to lift."""
    done = {
        "freeze": "nothing was sent since; positions and orders are as they were",
        "hold": "take-profits and look-ahead were cancelled",
        "cancel_entries": "entries were cancelled",
        "close_all": "everything was closed",
    }
    if read_emergency(folder) is None:
        return f"account {profile.account}: {reason}; {done['freeze']}; the log in {folder} tells more"
    return (
        f"account {profile.account}: {reason}; {done[profile.risk.emergency_action]}; look at it, then run: "
        f"{command_line('resume', folder.parent, profile.account)}"
    )
