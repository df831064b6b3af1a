"""The way to the center."""

from __future__ import annotations

import pytest

from gridhedge.domain.errors import Refused, Unclear, UsageError
from gridhedge.mirror.link import Link, parse_url
from tests.mirror.centers import Center


def test_a_connection_is_used_again_and_renewed_after_a_restart(center: Center) -> None:
    """One failed request, then everything is as before."""
    link = center.link()
    assert link.get("/health")["ok"]
    center.stop()
    with pytest.raises(Unclear, match="can not be reached"):
        link.get("/health")
    center.start()
    assert link.get("/health")["ok"]
    link.close()


def test_refusals_name_the_wrong_fields(link: Link) -> None:
    """In one sentence."""
    with pytest.raises(Refused, match=r"422 to /closed_position/: account: .*; ticket: "):
        link.post("/closed_position/", {"account": -1})


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://127.0.0.1:8100", ("127.0.0.1", 8100, False)),
        ("https://desk.example.org/", ("desk.example.org", 443, True)),
    ],
)
def test_addresses_are_read(url: str, parts: tuple[str, int, bool]) -> None:
    assert parse_url(url) == parts


@pytest.mark.parametrize("url", ["127.0.0.1:8100", "ftp://x", "http://", "http://x/path"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="is no address of a center: write http://HOST:PORT"):
        parse_url(url)
