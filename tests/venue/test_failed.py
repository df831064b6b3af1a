"""What a missing answer proves, and how a failed read is told."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import requests.exceptions as http
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, ReadTimeoutError, SSLError

from gridhedge.domain import errors
from gridhedge.domain.order import Reject
from gridhedge.engine.ports import NotSent, Rejected, Unknown
from gridhedge.venue.failed import Failed, of_transport

POOL: Any = None
NOW = 1_795_000_000_000


def new_connection(text: str) -> NewConnectionError:
    return NewConnectionError(POOL, text)


def certificate() -> SSLError:
    return SSLError(ssl.SSLCertVerificationError("certificate verify failed"))


TRANSPORT = [
    ("refused", http.ConnectionError(MaxRetryError(POOL, "/", new_connection("refused"))), NotSent),
    ("connect timeout", http.ConnectTimeout(), NotSent),
    ("certificate", http.SSLError(MaxRetryError(POOL, "/", certificate())), NotSent),
    ("read timeout", http.ReadTimeout(ReadTimeoutError(POOL, "/", "Read timed out.")), Unknown),
    ("reset", http.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))), Unknown),
    ("cut body", http.ChunkedEncodingError(ProtocolError("Connection broken")), Unknown),
    ("broken encryption", http.SSLError("record layer failure"), Unknown),
    ("proxy", http.ProxyError("tunnel"), Unknown),
    ("redirects", http.TooManyRedirects(), Unknown),
]


@pytest.mark.parametrize(("error", "kind"), [case[1:] for case in TRANSPORT], ids=[case[0] for case in TRANSPORT])
def test_without_an_answer_only_a_connection_that_never_was_is_not_sent(error: Exception, kind: type) -> None:
    """Everything else may have arrived."""
    assert isinstance(of_transport(error, "Bybit"), kind)


def test_a_failed_read_is_named_for_what_the_caller_must_do() -> None:
    """The four errors of reads; a venue that is busy has said nothing, and is asked again."""
    cases: list[tuple[Any, type[errors.VenueError]]] = [
        (NotSent("x"), errors.NotSent),
        (Unknown("x"), errors.Unclear),
        (Rejected(Reject.PERMISSION, "x"), errors.Refused),
        (Rejected(Reject.BUSY, "x"), errors.Unclear),
        (Rejected(Reject.RATE_LIMITED, "x", NOW), errors.RateLimited),
    ]
    for outcome, kind in cases:
        assert type(Failed(outcome).as_read()) is kind
    limited = Failed(Rejected(Reject.RATE_LIMITED, "x", NOW)).as_read()
    assert isinstance(limited, errors.RateLimited)
    assert limited.until == NOW
