"""A receiver of webhooks as a platform would write it: checks the signature, remembers ids, may be told to fail."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from gridhedge.domain.wire import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from tests.patience import until


class Receiver:
    """Listens on a free port of this machine. ``answers`` are given in order, then 200 for ever."""

    def __init__(self, secret: str = "webhook-secret", answers: tuple[int, ...] = ()) -> None:
        self.bodies: list[dict[str, Any]] = []
        """Every delivery that was signed rightly, repeats and refused ones included."""
        self.headers: list[dict[str, str]] = []
        self.unsigned = 0
        self._answers = list(answers)
        self._lock = threading.Lock()
        receiver = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver._take(secret, dict(self.headers), body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?bot=1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def _take(self, secret: str, headers: dict[str, str], body: bytes) -> int:
        with self._lock:
            timestamp = headers.get(TIMESTAMP_HEADER, "")
            fresh = timestamp.isdigit() and abs(int(timestamp) - time.time() * 1000) < 300_000
            if not fresh or headers.get(SIGNATURE_HEADER) != sign(secret, timestamp, body):
                self.unsigned += 1
                return 401
            self.bodies.append(json.loads(body))
            self.headers.append(headers)
            return self._answers.pop(0) if self._answers else 200

    @property
    def events(self) -> list[dict[str, Any]]:
        """Each message once, in the order of first arrival."""
        with self._lock:
            return list({body["id"]: body for body in reversed(self.bodies)}.values())[::-1]

    def named(self, event: str) -> list[dict[str, Any]]:
        return [body for body in self.events if body["event"] == event]

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition; fails when it never comes."""
        until(condition, lambda: [body["event"] for body in self.bodies])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
