"""Talks to Bitget through ccxt, which is imported here and nowhere else, when the first client is made.

ccxt signs, routes the demo side and sends. Its rate limiter (100 ms between any two requests), retries, account probe
and unified rows are not used: the first costs time, the others can lose an outcome or a row. Both account generations
go through the same door; which words they speak is said in ``classic`` and ``unified``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import tenacity

from gridhedge.domain.errors import NotSent, RateLimited, Refused, Unclear
from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Rejected, Unknown
from gridhedge.venue.bitget.errors import CLOCK, UNCHANGED, CodedRefusal, of_code, of_status
from gridhedge.venue.bitget.limits import Limits
from gridhedge.venue.bitget.sockets import Socket
from gridhedge.venue.clock import ServerClock, monotonic_ms
from gridhedge.venue.failed import Failed, of_transport
from gridhedge.venue.fields import Malformed, Row, millis, row

__all__ = ["Access", "Answer", "Client"]

_READ_ATTEMPTS = 3
_WINDOW_MS = 1_050
"""In which Bitget counts requests, and a little."""
_LIVE_STREAM, _DEMO_STREAM = "wss://ws.bitget.com", "wss://wspap.bitget.com"
_ROOMS = ("spot", "mix", "common", "uta")
"""ccxt's names for parts of the API, each with an address of its own."""


class Access(NamedTuple):
    """Where to go and who we are. ``endpoint``: a practice exchange in place of Bitget's own hosts, else empty."""

    demo: bool
    endpoint: str
    key: str
    secret: str
    passphrase: str
    timeout_s: float = 10.0
    """For every request, and for opening a websocket."""

    def __repr__(self) -> str:
        return f"Access(demo={self.demo}, endpoint={self.endpoint!r})"


class Answer(NamedTuple):
    """The ``data`` of a readable answer with code 00000, and when Bitget answered."""

    data: object
    at: Millis


class Client:
    """One account's door. All methods but those that open streams belong to the session's thread.

    Paths are Bitget's own behind ``/api/``, such as ``v2/mix/order/detail``.
    """

    def __init__(
        self,
        access: Access,
        clock: ServerClock,
        log: logging.Logger,
        limits: Limits | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._access = access
        self._clock = clock
        self._log = log
        self.limits = limits or Limits(monotonic_ms)
        self.pause = pause
        self.is_public = not access.key
        """Whether there is no key to sign with."""
        self._quiet_until: Millis = 0
        self._exchange: Any = _exchange(access, clock)
        self._retry = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(_READ_ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=0.2, max=2),
            retry=tenacity.retry_if_exception(self._is_worth_a_retry),
            reraise=True,
        )

    # ---- requests ----------------------------------------------------------------------------------------------------

    def look(self, path: str, **query: Any) -> Answer:
        """A public request, tried three times. Raises Refused, NotSent, Unclear or RateLimited."""
        return self._retried("public", "GET", path, query)

    def read(self, path: str, **query: Any) -> Answer:
        """A signed request that changes nothing, tried three times. Raises Refused, NotSent, Unclear, RateLimited."""
        return self._retried("private", "GET", path, query)

    def write(self, path: str, body: object) -> Answer:
        """A request that changes something, sent once. Raises Failed, which tells what is known of it."""
        return self._call("private", "POST", path, body)

    def configure(self, path: str, **body: Any) -> None:
        """A setting: tried like a read, since doing it twice does no harm. "Not changed" is a success.

        Raises Refused, NotSent, Unclear or RateLimited.
        """
        try:
            self._retried("private", "POST", path, body)
        except CodedRefusal as refusal:
            if refusal.code not in UNCHANGED:
                raise

    def _retried(self, door: str, method: str, path: str, query: dict[str, Any]) -> Answer:
        answer: Answer = self._retry(self._tried, door, method, path, query)
        return answer

    def _is_worth_a_retry(self, error: BaseException) -> bool:
        """A window that another session of the key has used up is over in a second; longer bans are the engine's."""
        if isinstance(error, RateLimited):
            return self._quiet_until - self._clock.now() <= _WINDOW_MS
        return isinstance(error, NotSent | Unclear)

    def _tried(self, door: str, method: str, path: str, query: dict[str, Any]) -> Answer:
        quiet = self._quiet_until - self._clock.now()
        wait = max(self.limits.wait_ms(path), quiet if quiet <= _WINDOW_MS else 0)
        if wait > 0:
            self.pause(wait / 1000)
        try:
            return self._call(door, method, path, {name: value for name, value in query.items() if value is not None})
        except Failed as failed:
            if failed.code in CLOCK:
                raise Unclear(failed.outcome.text) from failed  # worth another attempt, by the time just told
            error = failed.as_read()
            raise (CodedRefusal(str(error), failed.code) if isinstance(error, Refused) else error) from failed

    def _call(self, door: str, method: str, path: str, content: object) -> Answer:
        now = self._clock.now()
        if now < self._quiet_until:
            text = f"Bitget wants silence for another {self._quiet_until - now} ms"
            raise Failed(Rejected(Reject.RATE_LIMITED, text, self._quiet_until))
        self.limits.took(path)
        try:
            answer = self._ask(door, method, path, content)
        except Failed as failed:
            self._log.debug("request %s %s failed: %s", path, content, failed.outcome)
            if isinstance(failed.outcome, Rejected):
                self._quiet_until = max(self._quiet_until, failed.outcome.until)
            if failed.code in CLOCK:
                self._set_clock()
            raise
        self._log.debug("request %s %s answered: %s", path, content, answer.data)
        return answer

    def _set_clock(self) -> None:
        """Ask Bitget for its time, which this machine has lost while it slept."""
        with suppress(Failed):
            self._ask("public", "GET", "v2/public/time", {})

    def _ask(self, door: str, method: str, path: str, content: object) -> Answer:
        exchange = self._exchange
        try:
            body = exchange.request(path, [door, _room(path)], method, content)
            envelope = row(body, "answer")
            answer = Answer(envelope.get("data"), millis(envelope, "requestTime"))
        except exchange.Error as error:
            raise Failed(of_transport(error.__cause__ or error, "Bitget")) from error
        except Malformed as error:
            raise Failed(Unknown(f"Bitget: {error}")) from error
        self._clock.answered(answer.at)
        return answer

    @property
    def is_practice(self) -> bool:
        """Whether this is no venue of the real world, but an exchange on this machine."""
        return self._access.endpoint.startswith("http:")

    def close(self) -> None:
        self._exchange.session.close()

    # ---- websockets --------------------------------------------------------------------------------------------------

    def open_stream(
        self,
        path: str,
        topics: Sequence[Row],
        on_message: Callable[[object], None],
        on_trouble: Callable[[str], None],
    ) -> Socket:
        """A stream with its topics subscribed; paths that end with ``private`` log in first. Raises NotSent."""
        access = self._access
        host = _DEMO_STREAM if access.demo else _LIVE_STREAM
        if access.endpoint:
            host = "ws" + access.endpoint.removeprefix("http")
        login = self._login() if path.endswith("private") else None
        return Socket(f"{host}/{path}", login, topics, on_message, on_trouble, access.timeout_s)

    def _login(self) -> Row:
        access, stamp = self._access, str(self._clock.now() // 1000)
        digest = hmac.new(access.secret.encode(), f"{stamp}GET/user/verify".encode(), hashlib.sha256).digest()
        sign = base64.b64encode(digest).decode()
        return {"apiKey": access.key, "passphrase": access.passphrase, "timestamp": stamp, "sign": sign}


def _room(path: str) -> str:
    version, room, *_ = path.split("/")
    return "uta" if version == "v3" else room if room in _ROOMS else "common"


def _exchange(access: Access, clock: ServerClock) -> Any:
    """ccxt's Bitget, reduced to signing and sending."""
    import ccxt

    class Bitget(ccxt.bitget):  # type: ignore[misc]  # ccxt's types are of its unified calls
        """Errors are classified by us, from the answer itself: ccxt's classes hide what may have been carried out."""

        Error = ccxt.BaseError

        def nonce(self) -> Millis:
            return clock.now()

        def handle_errors(
            self, code: int, reason: str, url: str, method: str, headers: Any, body: str, response: Any, *rest: Any
        ) -> None:
            raise_unless_done(code, headers, body, response, clock.now())

    exchange = Bitget(
        {
            "apiKey": access.key,
            "secret": access.secret,
            "password": access.passphrase,
            "enableRateLimit": False,
            "timeout": int(access.timeout_s * 1000),
            "requests_trust_env": not access.endpoint,  # no proxy between here and this machine
            "options": {"sandboxMode": access.demo, "broker": ""},
        }
    )
    logging.getLogger("ccxt.base.exchange").setLevel(logging.CRITICAL)  # it would log headers, and with them the key
    if access.endpoint:
        exchange.urls["api"] = dict.fromkeys(_ROOMS, access.endpoint)
    return exchange


def raise_unless_done(status: int, headers: Mapping[str, str], body: str, response: object, now: Millis) -> None:
    """Raise Failed unless an answer says that all went well. Refusals come with any HTTP status, 200 included."""
    waits = headers.get("Retry-After", "")
    retry_after = int(waits) if waits.isascii() and waits.isdigit() and len(waits) <= 6 else 0
    code = response.get("code") if isinstance(response, dict) else None
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) <= 10:
        if int(code):
            said = response.get("msg") if isinstance(response, dict) else None
            raise Failed(of_code(int(code), str(said), now, retry_after), int(code))
        if status == 200:
            return
    if status == 200:
        raise Failed(Unknown(f"Bitget: an answer that can not be read: {body[:40]!a}"))
    raise Failed(of_status(status, body, now, retry_after))
