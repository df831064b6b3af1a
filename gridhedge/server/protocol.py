"""HTTP below the application: what is no request at all is refused in the API's own words, and no connection is held
for longer than a request takes."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from gridhedge.server.answers import failed
from gridhedge.server.gate import SAFE_HEADERS

__all__ = ["Protocol"]

_HEAD_SECONDS = 10.0
_CONNECTIONS_AT_MOST = 200


class Protocol(H11Protocol):
    """One connection. uvicorn alone answers in plain text here, and waits for the end of a head for ever."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        if len(self.connections) > _CONNECTIONS_AT_MOST:
            self._refuse(503, "BUSY", "too many connections; try again later")
        else:
            self._expect_a_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:  # the next request has begun, but not its body
            self._expect_a_head()
        else:
            self._expect_nothing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn for what it can not read; its words stay out of the answer."""
        self._refuse(
            400, "BAD_HTTP", "this is not proper HTTP/1.1; correct the request line, the headers or the length"
        )

    def _expect_a_head(self) -> None:
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(_HEAD_SECONDS, self._give_up)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._refuse(408, "TOO_SLOW", f"the request's headers did not arrive within {_HEAD_SECONDS:.0f} s")

    def _refuse(self, status: int, code: str, text: str) -> None:
        """Answer, unless an answer has begun already, and close."""
        self._expect_nothing()
        if self.transport.is_closing():
            return
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = failed(status, code, text)
            headers = [*answer.raw_headers, *SAFE_HEADERS, (b"connection", b"close")]
            events = (
                h11.Response(status_code=status, headers=headers),
                h11.Data(data=bytes(answer.body)),
                h11.EndOfMessage(),
            )
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()
