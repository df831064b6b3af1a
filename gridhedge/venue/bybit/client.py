"""Talks to Bybit through pybit, which is imported here and nowhere else, when the first client is made.

pybit's own retries, reconnects and message handling are switched off: each of them can lose an outcome or stop without
a word. What remains is signing, sending, and the sockets.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import requests
import tenacity
import websocket

from gridhedge.domain.errors import NotSent, Unclear
from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Rejected, Unknown
from gridhedge.venue.bybit.errors import UNCHANGED, of_code, of_status
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.failed import Failed, of_transport
from gridhedge.venue.fields import Malformed, Row, millis, row

__all__ = ["Access", "Answer", "Client", "Socket", "header", "open_public"]

_READ_ATTEMPTS = 3
_PING_S, _PONG_S = 20, 10
_AUTH_EXPIRES_S = 10
_SOCKET_ERRORS = (websocket.WebSocketException, OSError, AttributeError)
"""What a socket may fail with; the last while another thread of the client library takes it away."""
_ADDRESSES = threading.Lock()
"""pybit takes the websockets' addresses from its module, so that only one socket at a time may be opened."""


class Access(NamedTuple):
    """Where to go and who we are. ``endpoint``: a practice exchange in place of Bybit's own hosts, else empty."""

    demo: bool
    endpoint: str
    key: str
    secret: str
    recv_window_ms: Millis
    timeout_s: float = 10.0
    """For every request, and for opening a websocket."""

    def __repr__(self) -> str:
        return f"Access(demo={self.demo}, endpoint={self.endpoint!r})"


class Answer(NamedTuple):
    """A readable answer with ``retCode`` 0."""

    result: Row
    extra: Row
    """``retExtInfo``: per item of a batch what became of it."""
    at: Millis
    headers: Mapping[str, str]


class Socket:
    """An open websocket of pybit."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._connection: Any = stream.ws.sock

    def is_alive(self) -> bool:
        return bool(self._stream.is_connected() and self._stream.wst.is_alive())

    def last_pong(self) -> float:
        """A value that changes with every pong."""
        return float(self._stream.ws.last_pong_tm)

    def send(self, message: Row) -> None:
        """Raises NotSent when the socket has gone; pybit's own ``subscribe`` would wait for it for ever."""
        try:
            self._stream.ws.send(json.dumps(message))
        except _SOCKET_ERRORS as error:
            raise NotSent(f"the stream was lost: {error}") from error

    def close(self) -> None:
        """Say good-bye, at most three seconds long, and let go of the socket. Never raises: it may be broken."""
        with suppress(*_SOCKET_ERRORS):
            self._stream.exit()
        if self._connection is not None:
            self._connection.shutdown()  # after a close by the other side nobody else lets go of the socket


class Client:
    """One account's REST session. All methods but ``open`` belong to the session's thread."""

    def __init__(self, access: Access, clock: ServerClock, log: logging.Logger) -> None:
        from pybit import exceptions

        self._errors: Any = exceptions
        self._access = access
        self._clock = clock
        self._log = log
        self._quiet_until: Millis = 0
        self._http: Any = _pybit().HTTP(
            api_key=access.key,
            api_secret=access.secret,
            demo=access.demo,
            recv_window=access.recv_window_ms,
            timeout=access.timeout_s,
            max_retries=1,
            retry_codes={0},  # an empty set would mean pybit's own list
            force_retry=False,
            return_response_headers=True,
        )
        if access.endpoint:
            self._http.endpoint = access.endpoint
            self._http.client.trust_env = False  # no proxy between here and this machine
        self._retry = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(_READ_ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=0.2, max=2),
            retry=tenacity.retry_if_exception(_is_worth_a_retry),
            reraise=True,
        )

    # ---- requests ----------------------------------------------------------------------------------------------------

    @property
    def is_practice(self) -> bool:
        """Whether this is no venue of the real world, but an exchange on this machine."""
        return self._access.endpoint.startswith("http:")

    def read(self, method: str, **query: Any) -> Answer:
        """A request that changes nothing, tried three times. Raises Refused, NotSent, Unclear or RateLimited."""
        answer: Answer = self._retry(self._read_once, method, query)
        return answer

    def write(self, method: str, **body: Any) -> Answer:
        """A request that changes something, sent once. Raises Failed, which tells what is known of it."""
        return self._call(method, body)

    def configure(self, method: str, **body: Any) -> None:
        """A setting: tried like a read, since doing it twice does no harm. "Not modified" is a success.

        Raises Refused, NotSent, Unclear or RateLimited.
        """
        self._retry(self._configure_once, method, body)

    def _configure_once(self, method: str, body: dict[str, Any]) -> None:
        try:
            self._call(method, dict(body))
        except Failed as failed:
            if failed.code not in UNCHANGED:
                raise failed.as_read() from failed

    def _read_once(self, method: str, query: dict[str, Any]) -> Answer:
        try:
            return self._call(method, dict(query))
        except Failed as failed:
            raise failed.as_read() from failed

    def _call(self, method: str, query: dict[str, Any]) -> Answer:
        now = self._clock.now()
        if now < self._quiet_until:
            text = f"Bybit wants silence for another {self._quiet_until - now} ms"
            raise Failed(Rejected(Reject.RATE_LIMITED, text, self._quiet_until))
        try:
            answer = self._ask(method, query)
        except Failed as failed:
            outcome = failed.outcome
            self._log.debug("request %s %s failed: %s", method, query, outcome)
            if isinstance(outcome, Rejected):
                self._quiet_until = max(self._quiet_until, outcome.until)
            raise
        self._log.debug("request %s %s answered: %s %s", method, query, answer.result, answer.extra)
        return answer

    def _ask(self, method: str, query: dict[str, Any]) -> Answer:
        try:
            body, _, headers = getattr(self._http, method)(**query)
            envelope = row(body, "answer")
            if type(envelope.get("retCode")) is not int:
                raise Malformed("Bybit: an answer without retCode")
            answer = Answer(
                row(envelope.get("result"), "result"),
                row(envelope.get("retExtInfo") or {}, "retExtInfo"),
                millis(envelope, "time"),
                headers,
            )
        except self._errors.InvalidRequestError as error:
            raise self._refusal(error) from None
        except self._errors.FailedRequestError as error:
            raise Failed(of_status(error.status_code, str(error.message), self._clock.now())) from None
        except requests.RequestException as error:
            raise Failed(of_transport(error, "Bybit")) from error
        except Malformed as error:
            raise Failed(Unknown(str(error))) from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # pybit looks into the body before anybody has looked whether it is an object with these keys
            raise Failed(Unknown(f"Bybit: an answer that can not be read ({type(error).__name__})")) from error
        self._clock.answered(answer.at)
        return answer

    def _refusal(self, error: Any) -> Failed:
        code = error.status_code
        if type(code) is not int:
            return Failed(Unknown(f"Bybit: a retCode that is no number: {ascii(code)[:40]}"))
        reset = header(error.resp_headers, "X-Bapi-Limit-Reset-Timestamp")
        return Failed(of_code(code, str(error.message), self._clock.now(), reset or 0), code)

    def close(self) -> None:
        self._http.client.close()

    # ---- websockets --------------------------------------------------------------------------------------------------

    def open_private(self, on_message: Callable[[object], None], on_trouble: Callable[[str], None]) -> Socket:
        """The account's stream, with the log-in sent; nothing is subscribed yet. Raises NotSent."""
        access = self._access
        keys = {"api_key": access.key, "api_secret": access.secret}
        return _open(access.endpoint, access.timeout_s, "private", on_message, on_trouble, demo=access.demo, **keys)


def open_public(
    endpoint: str, timeout_s: float, on_message: Callable[[object], None], on_trouble: Callable[[str], None]
) -> Socket:
    """The public stream, which is nobody's own; nothing is subscribed yet. Raises NotSent when it can not be opened."""
    # There is no public stream of the demo side: it trades at the live side's prices.
    return _open(endpoint, timeout_s, "linear", on_message, on_trouble, demo=False)


def _open(
    endpoint: str,
    timeout_s: float,
    channel: str,
    on_message: Callable[[object], None],
    on_trouble: Callable[[str], None],
    **identity: Any,
) -> Socket:
    pybit: Any = _pybit()

    class Stream(pybit.WebSocket):  # type: ignore[misc]  # pybit has no types
        """pybit's stream without its ways of its own: an error is told, and whoever keeps the stream decides."""

        def _on_error(self, error: Exception) -> None:
            on_trouble(f"{type(error).__name__}: {error}")

        def _on_close(self) -> None:
            on_trouble("closed")

    with _ADDRESSES:
        websocket.setdefaulttimeout(timeout_s)
        before = pybit.PUBLIC_WSS, pybit.PRIVATE_WSS
        if endpoint:
            address = "ws" + endpoint.removeprefix("http")
            pybit.PUBLIC_WSS = address + "/v5/public/{CHANNEL_TYPE}"
            pybit.PRIVATE_WSS = address + "/v5/private"
        try:
            stream = Stream(
                channel,
                testnet=False,
                ping_interval=_PING_S,
                ping_timeout=_PONG_S,
                retries=2,  # with 1 pybit gives up even when it has succeeded
                restart_on_error=False,
                private_auth_expire=_AUTH_EXPIRES_S,
                callback_function=on_message,
                **identity,
            )
        except (*_SOCKET_ERRORS, RuntimeError) as error:  # the last: no thread can be started
            raise NotSent(f"Bybit's {channel} stream can not be opened: {error}") from error
        finally:
            pybit.PUBLIC_WSS, pybit.PRIVATE_WSS = before
    return Socket(stream)


def _pybit() -> Any:
    """The client library, silenced: what it logs is told here anyway, and it logs the query."""
    from pybit import unified_trading

    logging.getLogger("pybit").setLevel(logging.CRITICAL)
    return unified_trading


def header(headers: Mapping[str, str] | None, name: str) -> int | None:
    """A header that holds a number, None if it does not."""
    value = (headers or {}).get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 15 else None


def _is_worth_a_retry(error: BaseException) -> bool:
    return isinstance(error, NotSent | Unclear)
