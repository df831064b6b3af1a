"""All users of a server and their sessions: register, start, stop, forget, and bring back after a restart."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, NamedTuple

from gridhedge.domain.errors import GridhedgeError, UsageError, VenueError
from gridhedge.domain.values import Millis, Price
from gridhedge.domain.wire import Json
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import RealVenueSettings
from gridhedge.server.document import identity, status_document
from gridhedge.server.ports import Informer, Trader, Traders, Webhook
from gridhedge.server.profiles import profile_of, wants_price
from gridhedge.server.refusals import ApiError, failure_of
from gridhedge.server.registration import Registration, plain_wishes, secrets_of
from gridhedge.server.session import Pace, Session
from gridhedge.server.users import User, Users
from gridhedge.server.vault import Vault
from gridhedge.store.secret import ApiKeys, Secret

__all__ = ["Fleet", "House", "Member"]

_WITH_PASSPHRASE = ("bitget",)
_START_S = 20.0
"""So long a start waits for the first tick; a slower one is told as still starting."""
_ENDING_AT_ONCE = 64


class House(NamedTuple):
    """The rules of this server, as its operator says."""

    endpoints: Mapping[str, str]
    """Where venues are found instead of their own hosts: practice exchanges."""
    live: bool
    """Whether real money may be traded."""
    pace: Pace = Pace()


class Member:
    """A user with session and informer. Holds ``lock`` while something is done to it: one thing at a time."""

    def __init__(self, user: User, informer: Informer, session: Session) -> None:
        self.user = user
        self.informer = informer
        self.session = session
        self.lock = threading.Lock()
        self.is_gone = False


class Fleet:
    """Every public method may be called from any thread. A user's trouble stays that user's."""

    def __init__(
        self,
        users: Users,
        vault: Vault,
        traders: Traders,
        house: House,
        clock: Callable[[], Millis],
        log: logging.Logger,
    ) -> None:
        self._users = users
        self._vault = vault
        self._traders = traders
        self._house = house
        self._clock = clock
        self._log = log
        self._lock = threading.Lock()
        self._members: dict[str, Member] = {}

    # ---- the server's life ---------------------------------------------------------------------------------------

    def resume(self) -> None:
        """Bring everybody back, and start who was trading. Who can not trade any more (another encryption key, real
        money that is no longer allowed) is there all the same, and says why."""
        for user in self._users.all():
            try:
                self._vault.open(user.id, user.sealed)
                member = self._member(user)
            except GridhedgeError as error:
                self._log.error("user %s can not trade: %s", user.id, error)
                member = self._stranded(user, error)
            with self._lock:
                self._members[user.id] = member
            if user.trading:
                member.session.start()

    def close(self) -> None:
        """Stop everybody gracefully, all at once: one whose receiver is away must not use up the others' time. Who was
        trading is resumed by the next start."""
        members = self.members()
        for member in members:
            member.session.ask_to_stop()
        try:
            with ThreadPoolExecutor(_ENDING_AT_ONCE, "farewell") as pool:
                for parting in [pool.submit(_part, member) for member in members]:
                    parting.result()
        finally:
            self._users.close()

    # ---- users ---------------------------------------------------------------------------------------------------

    def members(self) -> list[Member]:
        """Everybody, in order of registration."""
        with self._lock:
            return list(self._members.values())

    def member(self, user_id: str) -> Member:
        """Raises ApiError when there is no such user."""
        with self._lock:
            found = self._members.get(user_id)
        if found is None:
            raise ApiError(404, "USER_NOT_FOUND", f"there is no user {user_id}")
        return found

    def register(self, registration: Registration) -> Member:
        """Check everything that can be checked without the exchange, seal the keys, and remember. Raises ApiError."""
        wishes = plain_wishes(registration)
        secrets = secrets_of(registration)
        user_id = registration.user_id
        profile = self._profile(user_id, wishes, None)
        _check_keys(profile, secrets)
        user = User(user_id, self._clock(), wishes, self._vault.seal(user_id, secrets), False)
        with self._lock:
            if user_id in self._members:
                raise ApiError(409, "USER_EXISTS", f"user {user_id} is registered; delete it first to register it anew")
            if any(member.user.account == user.account for member in self._members.values()):
                raise ApiError(409, "USER_EXISTS", f"user {user_id} can not be told from another one; take another id")
            member = self._member(user)
            try:
                self._users.add(user)
            except BaseException:
                member.informer.close()
                raise
            self._members[user_id] = member
        return member

    def start(self, user_id: str) -> Member:
        """Start trading, and remember that. Raises ApiError for what the exchange or the disk refused."""
        member = self._occupied(user_id)
        try:
            self._remember(member, trading=True)
            member.session.start()
            member.session.wait(_START_S)
            failure = member.session.failure
        finally:
            member.lock.release()
        if failure is not None and member.session.state == "error":
            raise failure_of(failure)
        return member

    def stop(self, user_id: str) -> Member:
        """Stop trading; orders stay as the settings say."""
        member = self._occupied(user_id)
        try:
            self._remember(member, trading=False)
            member.session.stop()
        finally:
            member.lock.release()
        return member

    def forget(self, user_id: str) -> None:
        """Stop, and forget the user, keys included. Ledger and logs stay in the account's folder."""
        member = self._occupied(user_id)
        try:
            self._remember(member, trading=False)
            member.session.stop()
            self._users.remove(user_id)
            member.is_gone = True
            with self._lock:
                del self._members[user_id]
            member.informer.close()
            self._traders.forget(member.user.account)
        finally:
            member.lock.release()

    def close_positions(self, user_id: str) -> None:
        """Stop trading, cancel all orders, close all positions at market. Raises VenueError when something is left."""
        member = self._occupied(user_id)
        try:
            self._remember(member, trading=False)
            member.session.stop()
            left = self._traders.close_positions(self._profile_of(member.user), self._keys(member.user))
            member.session.status = self._traders.last_status(member.user.account)
        except GridhedgeError as error:
            member.informer.failed(f"closing everything failed: {error}")
            raise
        finally:
            member.lock.release()
        if left:
            raise VenueError(f"still open after several tries: {', '.join(left)}; try again")

    def document(self, user_id: str) -> dict[str, Json]:
        """The status document of a user."""
        member = self.member(user_id)
        entry = self._profile_of(member.user).symbols[0]
        return status_document(identity(member.user.wishes), entry, member.session.status)

    # ---- inside --------------------------------------------------------------------------------------------------

    def _occupied(self, user_id: str) -> Member:
        """The member with its lock held."""
        member = self.member(user_id)
        if not member.lock.acquire(timeout=_START_S):
            raise ApiError(409, "BUSY", f"something else is being done to user {user_id}; try again")
        if member.is_gone:
            member.lock.release()
            raise ApiError(404, "USER_NOT_FOUND", f"there is no user {user_id}")
        return member

    def _member(self, user: User) -> Member:
        wishes = user.wishes
        entry = self._profile_of(user).symbols[0]
        who = identity(wishes)
        informer = self._traders.inform(
            user.account, who, self._webhook(user), lambda status: [status_document(who, entry, status)]
        )
        holder: list[Member] = []
        session = Session(
            user.id,
            lambda stop: self._open(holder[0], stop),
            informer,
            self._log,
            self._house.pace,
            self._traders.last_status(user.account),
        )
        holder.append(Member(user, informer, session))
        return holder[0]

    def _stranded(self, user: User, error: GridhedgeError) -> Member:
        def refuse(stop: threading.Event) -> Trader:
            raise error

        informer = self._traders.inform(user.account, identity(user.wishes), None, lambda status: [])
        return Member(user, informer, Session(user.id, refuse, informer, self._log, self._house.pace))

    def _open(self, member: Member, stop: threading.Event) -> Trader:
        """In the session's thread: everything that takes time or may fail."""
        keys = self._keys(member.user)
        if member.user.base_lot is None and wants_price(member.user.wishes):
            self._fix_lot(member, self._traders.price(self._profile_of(member.user), keys))
        return self._traders.open(self._profile_of(member.user), keys, member.informer, stop)

    def _fix_lot(self, member: Member, price: Price) -> None:
        """``tradeAmount`` becomes a lot once, at the first start's price: a restart must not change the quantities."""
        lot = Decimal(member.user.wishes["settings"]["tradeAmount"]) / price
        member.user = member.user._replace(base_lot=format(lot, ".8f"))
        self._users.change(member.user)

    def _remember(self, member: Member, *, trading: bool) -> None:
        member.user = member.user._replace(trading=trading)
        self._users.change(member.user)

    def _profile_of(self, user: User) -> Profile:
        return self._profile(user.id, user.wishes, user.base_lot)

    def _profile(self, user_id: str, wishes: Mapping[str, Any], base_lot: str | None) -> Profile:
        user = User(user_id, 0, wishes, b"", False)
        return profile_of(user.account, wishes, self._house.endpoints, live=self._house.live, base_lot=base_lot)

    def _keys(self, user: User) -> ApiKeys | None:
        found = self._vault.open(user.id, user.sealed)
        if "apiKey" not in found:
            return None
        return ApiKeys(found["apiKey"], found["apiSecret"], found.get("passphrase"))

    def _webhook(self, user: User) -> Webhook | None:
        url = user.wishes["webhookUrl"]
        if url is None:
            return None
        secret: Secret = self._vault.open(user.id, user.sealed)["webhookSecret"]
        return Webhook(url, secret)


def _part(member: Member) -> None:
    try:
        member.session.stop()
    finally:
        member.informer.close()


def _check_keys(profile: Profile, secrets: Mapping[str, str]) -> None:
    wants = isinstance(profile.venue, RealVenueSettings)
    has = {"apiKey", "apiSecret"} <= secrets.keys()
    if wants and not has:
        raise UsageError("exchange.apiKey: give apiKey and apiSecret; this exchange trades with keys only")
    if wants and profile.venue.model_dump()["name"] in _WITH_PASSPHRASE and "passphrase" not in secrets:
        raise UsageError("exchange.passphrase: give the one that was chosen with the key; this exchange asks for it")
    if not wants and secrets.keys() & {"apiKey", "apiSecret", "passphrase"}:
        raise UsageError("exchange.apiKey: the embedded exchange has no keys; remove them, so that nobody stores them")
