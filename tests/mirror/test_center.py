"""The center's web service."""

from __future__ import annotations

import http.client
import json
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from gridhedge.domain.errors import Refused, Unclear, UsageError
from gridhedge.mirror.center import check_token
from gridhedge.mirror.link import Link
from gridhedge.store.secret import Secret
from tests.mirror.centers import Center, position
from tests.patience import PATIENCE_S

EXAMPLE = {
    "account": 501234, "ticket": 987, "symbol": "EURUSD", "side": "buy", "volume": "0.10", "price": "1.08321",
    "opened_at": "2026-11-21T09:30:00Z",
}  # fmt: skip


def ask(center: Center, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", int(center.url.rpartition(":")[2]), timeout=PATIENCE_S)
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    connection.request(method, path, text, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    value = json.loads(answer.read())
    connection.close()
    return answer.status, value


def test_a_position_is_created_once_and_listed(center: Center) -> None:
    """201, then 200, then 409; the list has the same form, with id and status."""
    assert ask(center, "POST", "/new_position/", EXAMPLE) == (201, {"changed": True})
    assert ask(center, "POST", "/new_position/", EXAMPLE) == (200, {"changed": False})
    status, told = ask(center, "POST", "/new_position/", EXAMPLE | {"price": "1.09"})
    assert status == 409
    assert "price 1.08321, not 1.09" in told["detail"]
    assert ask(center, "GET", "/all_positions/") == (200, [EXAMPLE | {"id": 1, "status": "pending"}])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"side": "long"}, "side"),
        ({"volume": "0"}, "volume"),
        ({"volume": "NaN"}, "volume"),
        ({"price": "-1"}, "price"),
        ({"symbol": "EUR USD"}, "symbol"),
        ({"ticket": 0}, "ticket"),
        ({"account": "me"}, "account"),
        ({"opened_at": "yesterday"}, "opened_at"),
        ({"opened_at": "2026-11-21T09:30:00"}, "opened_at"),
        ({"extra": 1}, "extra"),
    ],
)
def test_an_invalid_position_is_422_with_the_field(center: Center, change: dict[str, Any], field: str) -> None:
    """And nothing is recorded."""
    status, told = ask(center, "POST", "/new_position/", EXAMPLE | change)
    assert status == 422
    assert [entry["loc"][-1] for entry in told["detail"]] == [field]
    assert ask(center, "GET", "/all_positions/?status=all") == (200, [])


def test_times_are_told_in_utc(center: Center) -> None:
    """Whatever zone they came in."""
    ask(center, "POST", "/new_position/", EXAMPLE | {"opened_at": "2026-11-21T11:30:00.250+02:00"})
    assert ask(center, "GET", "/all_positions/")[1][0]["opened_at"] == "2026-11-21T09:30:00.250Z"


def test_the_whole_life_of_a_position(link: Link) -> None:
    """New, cut, hedged, closed, its hedge closed: every step can be asked for again."""
    steps: list[tuple[str, dict[str, Any]]] = [
        ("/new_position/", position().message()),
        ("/changed_position/", {"account": 501234, "ticket": 987, "volume": "0.06"}),
        ("/refused_position/", {"id": 1, "reason": "10018 Market closed"}),
        ("/hedged_position/", {"id": 1, "hedge_account": 900, "hedge_ticket": 7, "volume": "0.06", "price": "1.08"}),
        ("/changed_hedge/", {"id": 1, "volume": "0.05"}),
        ("/closed_position/", {"account": 501234, "ticket": 987}),
        ("/closed_hedge/", {"id": 1, "reason": "its position is closed"}),
    ]
    for path, message in steps:
        assert link.post(path, message) == {"changed": True}
        assert link.post(path, message) == {"changed": False}
    (row,) = link.get("/all_positions/?status=all")
    assert (row["status"], row["volume"]) == ("closed", "0.10")
    assert link.get("/hedges/") == []


def test_hedges_tell_everything_that_is_live(link: Link) -> None:
    """With times as texts."""
    link.post("/new_position/", position(contract_size=D(100_000)).message())
    (row,) = link.get("/hedges/")
    assert (row["contract_size"], row["open_volume"], row["hedge_ticket"], row["hedged_at"]) == (
        "100000", "0.10", 0, None,
    )  # fmt: skip
    assert row["recorded_at"].endswith("Z")


def test_status_shows_programs_and_counts(link: Link) -> None:
    """Programs say that they are alive."""
    link.post("/new_position/", position().message())
    link.post("/seen/", {"kind": "client", "account": 501234, "lag_ms": 3})
    told = link.get("/status/")
    (program,) = told["programs"]
    assert (program["kind"], program["account"], program["lag_ms"]) == ("client", 501234, 3)
    assert program["age_seconds"] < 60
    assert told["positions"] == [{"account": 501234, "status": "pending", "positions": 1}]
    assert link.get("/health") == {"ok": True, "pending": 1}


def test_what_is_not_known_is_404(link: Link) -> None:
    """With a sentence."""
    with pytest.raises(Refused, match="404 to /closed_position/: no position 5 of account 4 is known"):
        link.post("/closed_position/", {"account": 4, "ticket": 5})


def test_with_a_token_nobody_gets_in_without_it(tmp_path: Path) -> None:
    """No endpoint, reading or writing; a wrong token is as bad as none."""
    center = Center(tmp_path, Secret("right"))
    for path in ("/all_positions/", "/hedges/", "/status/", "/health"):
        assert ask(center, "GET", path)[0] == 401
    assert ask(center, "POST", "/new_position/", EXAMPLE)[0] == 401
    for token in (None, Secret("wrong")):
        link = Link(center.url, token)
        with pytest.raises(Unclear, match="does not let us in: the token is missing or wrong"):
            link.post("/new_position/", EXAMPLE)
        link.close()
    link = center.link()
    assert link.get("/all_positions/") == []
    link.close()
    center.close()


def test_beyond_this_machine_a_token_is_required() -> None:
    """Loopback addresses need none."""
    with pytest.raises(UsageError, match=r"0\.0\.0\.0, where others can reach it: set GRIDHEDGE_MIRROR_TOKEN"):
        check_token("0.0.0.0", None)
    check_token("0.0.0.0", Secret("x"))
    check_token("127.0.0.1", None)
