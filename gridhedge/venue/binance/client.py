"""Talks to Binance through python-binance, which is imported here and nowhere else, when the first client is made.

python-binance's websocket manager is left aside: it reconnects without a word, and after a longer outage it floods its
callback for ever. Its sockets are used one by one, each with a loop and a thread of its own, and die loudly. Its REST
client signs with this machine's clock: here it signs with Binance's own time.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import requests
import tenacity

from gridhedge.domain.errors import NotSent, Unclear
from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Rejected, Unknown
from gridhedge.venue.binance.errors import CLOCK, UNCHANGED, Refusal, of_answer
from gridhedge.venue.binance.sockets import Socket
from gridhedge.venue.clock import ServerClock, wall_ms
from gridhedge.venue.failed import Failed, of_transport
from gridhedge.venue.fields import Malformed, millis, row, word

__all__ = ["Access", "Answer", "Client", "header"]

_READ_ATTEMPTS = 3
_PING_S, _PONG_S = 20, 10
_WEIGHT_STOP = 2_300
"""Of 2,400 per minute and address: reads pause here, and leave the rest to whoever shares the address."""
_MINUTE_MS = 60_000
_STREAMS = {True: "wss://fstream.binancefuture.com", False: "wss://fstream.binance.com"}
"""By whether it is the demo side."""
_TESTNET = "https://testnet.binancefuture.com"
"""The demo side's older address, which has the same streams."""
_EVENTS = (
    "ORDER_TRADE_UPDATE",
    "ALGO_UPDATE",
    "ACCOUNT_UPDATE",
    "ACCOUNT_CONFIG_UPDATE",
    "MARGIN_CALL",
    "listenKeyExpired",
)
_TELLS_KEYS = frozenset({"futures_stream_get_listen_key", "futures_stream_keepalive"})
"""Requests that are not logged: a listen key reads everything that happens to the account."""


class Access(NamedTuple):
    """Where to go and who we are. ``endpoint``: a practice exchange in place of Binance's own hosts, else empty."""

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
    """A success: the parsed body, whatever it is, and the headers."""

    body: object
    headers: Mapping[str, str]


class _Silence:
    """What all clients of one account must heed: until when nothing may be sent, and until when nothing be read."""

    def __init__(self) -> None:
        self.requests: Millis = 0
        self.reads: Millis = 0


class Client:
    """One account's REST session. A second thread takes a ``sibling``: sessions are not made for sharing."""

    def __init__(
        self, access: Access, clock: ServerClock, log: logging.Logger, silence: _Silence | None = None
    ) -> None:
        import binance
        from binance import exceptions

        self._errors: Any = exceptions
        self._access = access
        self._clock = clock
        self._log = log
        self._silence = silence or _Silence()
        self._lock = threading.Lock()
        self._key_in_use = ""
        """The listen key of the account's stream that was opened last."""
        for library in ("binance", "websockets"):  # they log what is told here anyway
            logging.getLogger(library).setLevel(logging.CRITICAL)
        self._http: Any = binance.Client(
            access.key,
            access.secret,
            {"timeout": access.timeout_s},
            demo=access.demo and not access.endpoint,
            ping=False,  # it would ask the spot market
        )
        self._http.REQUEST_RECVWINDOW = access.recv_window_ms
        if access.endpoint:
            self._http.FUTURES_URL = f"{access.endpoint}/fapi"
            self._http.MARGIN_API_URL = f"{access.endpoint}/sapi"
        if self.is_practice:
            self._http.session.trust_env = False  # no proxy between here and this machine
        self._retry = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(_READ_ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=0.2, max=2),
            retry=tenacity.retry_if_exception(_is_worth_a_retry),
            reraise=True,
        )

    @property
    def is_practice(self) -> bool:
        """Whether this is no venue of the real world, but an exchange on this machine."""
        return self._access.endpoint.startswith("http:")

    @property
    def tells_permissions(self) -> bool:
        """Whether the key's permissions can be asked for: the demo side has no such request."""
        return bool(self._access.endpoint) or not self._access.demo

    def sibling(self) -> Client:
        """A session of its own for another thread, with the same clock and the same silence."""
        return Client(self._access, self._clock, self._log, self._silence)

    # ---- requests ----------------------------------------------------------------------------------------------------

    def read(self, method: str, /, **query: Any) -> Answer:
        """A request that changes nothing, tried three times. Raises Refused, NotSent, Unclear or RateLimited."""
        answer: Answer = self._retry(self._read_once, method, query)
        return answer

    def write(self, method: str, /, **body: Any) -> Answer:
        """A request that changes something, sent once. Raises Failed, which tells what is known of it."""
        return self._call(method, body)

    def configure(self, method: str, /, **body: Any) -> None:
        """A setting: tried like a read, since doing it twice does no harm. "No need to change" is a success.

        Raises Refused, NotSent, Unclear or RateLimited.
        """
        self._retry(self._configure_once, method, body)

    def tell_time(self) -> Millis:
        """Ask Binance for its time, and set the clock by it. Raises VenueError."""
        at = millis(row(self.read("futures_time").body, "time"), "serverTime")
        self._clock.answered(at)
        return at

    def _configure_once(self, method: str, body: dict[str, Any]) -> None:
        try:
            self._call(method, body)
        except Failed as failed:
            if failed.code not in UNCHANGED:
                raise failed.as_read() from failed

    def _read_once(self, method: str, query: dict[str, Any]) -> Answer:
        wait = self._silence.reads - self._clock.now()
        if wait > 0:
            text = f"this minute's requests are nearly used up: reading waits {wait} ms"
            raise Failed(Rejected(Reject.RATE_LIMITED, text, self._silence.reads)).as_read()
        try:
            return self._call(method, query)
        except Failed as failed:
            if failed.code in CLOCK and method != "futures_time":
                self.tell_time()
                raise Unclear(failed.outcome.text) from failed  # worth another attempt
            raise failed.as_read() from failed

    def _call(self, method: str, query: dict[str, Any]) -> Answer:
        silence, now = self._silence, self._clock.now()
        if now < silence.requests:
            text = f"Binance wants silence for another {silence.requests - now} ms"
            raise Failed(Rejected(Reject.RATE_LIMITED, text, silence.requests))
        is_secret = method in _TELLS_KEYS
        try:
            answer = self._ask(method, query)
        except Failed as failed:
            outcome = failed.outcome
            self._log.debug("request %s %s failed: %s", method, "" if is_secret else query, outcome)
            if isinstance(outcome, Rejected):
                silence.requests = max(silence.requests, outcome.until)
            raise
        self._log.debug("request %s %s answered: %s", method, *(("", "") if is_secret else (query, answer.body)))
        return answer

    def _ask(self, method: str, query: dict[str, Any]) -> Answer:
        try:
            with self._lock:
                self._http.timestamp_offset = self._clock.now() - wall_ms()
                body = getattr(self._http, method)(**query)
                headers = dict(self._http.response.headers)
        except self._errors.BinanceAPIException as error:
            raise self._refusal(error) from None
        except self._errors.BinanceRequestException:
            raise Failed(Unknown("Binance: an answer that is no JSON")) from None
        except AssertionError:
            raise Failed(Rejected(Reject.PERMISSION, "Binance tells this to keys only, and there is none")) from None
        except requests.RequestException as error:
            raise Failed(of_transport(error, "Binance")) from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # python-binance looks into the body before anybody has looked whether it is an object with these keys
            raise Failed(Unknown(f"Binance: an answer that can not be read ({type(error).__name__})")) from error
        if (header(headers, "X-MBX-USED-WEIGHT-1M") or 0) >= _WEIGHT_STOP:
            self._silence.reads = (self._clock.now() // _MINUTE_MS + 1) * _MINUTE_MS
        return Answer(body, headers)

    def _refusal(self, error: Any) -> Failed:
        code = error.code if type(error.code) is int else 0
        headers = dict(error.response.headers)
        refusal = Refusal(error.status_code, code, str(error.message), header(headers, "Retry-After"))
        return Failed(of_answer(refusal, self._clock.now()), code)

    def close(self) -> None:
        self._http.session.close()
        if not self._http.loop.is_running():
            self._http.loop.close()  # made in passing; nobody has ever run it

    # ---- websockets --------------------------------------------------------------------------------------------------

    def open_public(self, category: str, names: tuple[str, ...]) -> Callable[..., Socket]:
        """How to open the streams of a category (``public``, ``market``): others are silent under its address."""
        path = f"/{category}/stream?streams={'/'.join(names)}"
        return lambda on_message, on_trouble: self._open(path, on_message, on_trouble)

    def open_private(self, names_events: bool) -> Callable[..., Socket]:
        """How to open the account's stream, under a listen key that is asked for each time.

        Binance's documents know two addresses, one of which names the wanted events. Which of them delivers has been
        reported differently, so that the other one is tried where one stays silent.
        """

        def open_it(on_message: Callable[[object], None], on_trouble: Callable[[str], None]) -> Socket:
            key = self._listen_key()
            path = f"/private/ws?listenKey={key}&events={'/'.join(_EVENTS)}" if names_events else f"/private/ws/{key}"
            return self._open(path, on_message, on_trouble)

        return open_it

    def keep_listen_key(self) -> None:
        """Let the listen key in use live for another hour. Raises VenueError; Refused where it has gone."""
        if self._key_in_use:
            self.read("futures_stream_keepalive", listenKey=self._key_in_use)

    def _listen_key(self) -> str:
        """The account's active key, made if there is none. Raises NotSent: without it no stream can be opened."""
        try:
            answer = self._call("futures_stream_get_listen_key", {})
            self._key_in_use = word({"listenKey": answer.body}, "listenKey")
        except (Failed, Malformed) as error:
            raise NotSent(f"no key for the account's stream: {error}") from error
        return self._key_in_use

    def _open(self, path: str, on_message: Callable[[object], None], on_trouble: Callable[[str], None]) -> Socket:
        def take(text: str | bytes) -> None:
            try:
                message = json.loads(text)
            except ValueError as error:
                on_trouble(f"a message that is no JSON ({error})")
                return
            on_message(message)

        return Socket(self._stream(path), take, on_trouble, self._access.timeout_s)

    def _stream(self, path: str) -> Callable[[], Any]:
        from binance.ws.reconnecting_websocket import ReconnectingWebsocket

        class Stream(ReconnectingWebsocket):  # type: ignore[misc]  # python-binance has no types
            """python-binance's socket without its ways of its own: whoever has opened it reads it."""

            async def _read_loop(self) -> None:
                self._handle_read_loop = None

        endpoint = self._access.endpoint
        has_its_own = bool(endpoint) and endpoint != _TESTNET
        host = "ws" + endpoint.removeprefix("http") if has_its_own else _STREAMS[self._access.demo]
        return lambda: Stream(
            host,
            path,
            "",
            open_timeout=self._access.timeout_s,
            ping_interval=_PING_S,
            ping_timeout=_PONG_S,
            proxy=None if self.is_practice else True,
        )


def header(headers: Mapping[str, str], name: str) -> int | None:
    """A header that holds a number, None if it does not."""
    value = {key.lower(): value for key, value in headers.items()}.get(name.lower(), "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 15 else None


def _is_worth_a_retry(error: BaseException) -> bool:
    return isinstance(error, NotSent | Unclear)
