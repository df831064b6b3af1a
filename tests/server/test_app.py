"""The API as its own document describes it, and what it says beside that."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_url
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gridhedge.server.serve import Options, assemble, start
from tests.patience import until
from tests.server.conftest import SECRETS, Opened, opening
from tests.server.crew import Crew, Trader
from tests.server.platform import ADMIN_KEY, Platform, registration

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SIGNED_PATHS = 11


class Fuzzed(NamedTuple):
    schema: BaseSchema
    platform: Platform


class Signed(requests.auth.AuthBase):
    """Signs whatever is about to be sent, so that the cases get through the gate."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        signed = self._platform.signed(body.encode() if isinstance(body, str) else bytes(body))
        kind = request.headers.get("Content-Type")
        request.headers.update({**signed, "X-Admin-Key": ADMIN_KEY})
        if kind is not None:
            request.headers["Content-Type"] = kind
        return request


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """A server for all generated requests, and the document that it tells of itself."""
    with opening(tmp_path_factory.mktemp("fuzz") / "data") as opened:
        platform = opened()
        yield Fuzzed(from_url(f"http://{platform.host}:{platform.port}/openapi.json"), platform)


def test_no_request_breaks_what_the_document_promises(fuzzed: Fuzzed) -> None:
    """Cases generated from the server's own document, right and wrong ones, for every operation: no failure of the
    server, no status and no form of an answer that the document does not know."""
    tried: set[str] = set()
    statuses: set[int] = set()
    for found in fuzzed.schema.get_all_operations():
        operation = found.ok()
        good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        bad = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

        @settings(max_examples=40, suppress_health_check=list(HealthCheck))
        @given(case=good | bad)
        def holds(case: Case) -> None:
            response = case.call(auth=Signed(fuzzed.platform))
            case.validate_response(response, checks=CHECKS)
            statuses.add(response.status_code)
            tried.add(f"{case.method} {case.path}")

        holds()
    assert len(tried) == SIGNED_PATHS
    assert {200, 404, 422} <= statuses


def test_health_and_info_are_open_to_everybody(platform: Platform) -> None:
    """No signature; no user is named."""
    health = platform.send("GET", "/health").data
    assert (health["status"], health["sessions"]) == ("healthy", {"total": 0, "running": 0})
    info = platform.send("GET", "/info").data
    assert info["capabilities"] == {"demo": True, "real": False, "multiUser": True, "webhooks": True}
    assert {found["name"]: "BTCUSDT" in found["pairs"] for found in info["exchanges"]} == dict.fromkeys(
        ("paper", "bybit", "binance", "bitget"), True
    )
    schema = info["settingsSchema"]["symmetric"]
    assert schema["required"] == []
    assert {"initialPositionSizeUsd", "gridStepPercent", "takeProfitPercent", "mmRateThreshold"} <= schema[
        "properties"
    ].keys()


def test_a_user_is_registered_read_and_forgotten(platform: Platform) -> None:
    """201, then the status, then nothing."""
    answer = platform.ask("POST", "/users", registration())
    assert (answer.status, answer.data["status"]) == (201, "stopped")
    status = platform.ask("GET", "/users/anna/status").data
    assert (status["userBotId"], status["symbol"], status["balance"]) == ("bot-anna", "DOGEUSDT", None)
    assert status["grid"] == {"multiplier": 2, "spacePercent": 1, "maxBuyOrders": 10, "maxSellOrders": 10}
    assert platform.ask("DELETE", "/users/anna").status == 200
    assert platform.ask("GET", "/users/anna/status").body["code"] == "USER_NOT_FOUND"


def test_a_user_is_registered_once(platform: Platform) -> None:
    """The first registration stays as it is."""
    assert platform.ask("POST", "/users", registration()).status == 201
    again = platform.ask("POST", "/users", registration(custom={"gridStepPercent": 5}))
    assert (again.status, again.body["code"]) == (409, "USER_EXISTS")
    assert platform.ask("GET", "/users/anna/status").data["grid"]["spacePercent"] == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"userId": "../anna"}, "userId"),
        ({"custom": {"gridStep": 1}}, "settings.customSettings.gridStep: is not a known key"),
        ({"custom": {"gridStepPercent": 0}}, "gridStepPercent: 0 is below the minimum 0.01"),
        ({"custom": {"strategy": "hodl"}}, "settings.customSettings.strategy: 'hodl' is not a strategy"),
        ({"webhookUrl": "https://a.example"}, "webhookUrl and webhookSecret belong together"),
        ({"webhookUrl": "file:///etc/passwd", "webhookSecret": "12345678"}, "webhookUrl: not a web address"),
        ({"keys": {"apiKey": "x", "apiSecret": "y"}}, "the embedded exchange has no keys"),
        ({"keys": {"isDemo": False}}, "the embedded exchange has no real money"),
        (
            {"keys": {"name": "mt5"}},
            "exchange.name: mt5 trades through a terminal, with gridhedge run; choose one of paper",
        ),
        ({"keys": {"name": "mtgox"}}, "exchange.name: 'mtgox' is not a venue"),
        ({"keys": {"name": "bybit"}}, "give apiKey and apiSecret"),
        ({"keys": {"name": "bybit", "isDemo": False, "apiKey": "x", "apiSecret": "y"}}, "does not trade real money"),
    ],
)
def test_a_mistake_is_told_in_the_platforms_words(platform: Platform, change: dict[str, Any], sentence: str) -> None:
    """Place, mistake, remedy; nothing is kept."""
    answer = platform.ask("POST", "/users", {**registration(**change), **{"userId": change.get("userId", "anna")}})
    assert answer.status == 422
    assert sentence in answer.body["error"]
    assert platform.send("GET", "/health").data["sessions"]["total"] == 0


def test_an_answer_never_repeats_a_key(platform: Platform) -> None:
    """Also when something is wrong with it."""
    keys = {"name": "bybit", "apiKey": "k" * 300, "apiSecret": "SeCrEt-that-nobody-reads"}
    for body in (registration(keys=keys), registration(keys={**keys, "apiKey": "key-of-anna"})):
        answer = platform.ask("POST", "/users", body)
        status = platform.ask("GET", "/users/anna/status")
        rows = platform.administer("GET", "/sessions")
        for text in (str(answer.body), str(status.body), str(rows.body)):
            assert "SeCrEt" not in text
            assert "kkkk" not in text
            assert "key-of-anna" not in text


def test_administration_sees_everybody(opened: Opened) -> None:
    """A row each; the chosen one with its ladders; what the process uses."""
    platform = opened()
    for user in ("anna", "bert"):
        platform.ask("POST", "/users", registration(user))
    platform.ask("POST", "/users/anna/start")
    rows = platform.administer("GET", "/sessions").data["sessions"]
    assert [(row["userId"], row["state"], row["equity"] is None) for row in rows] == [
        ("anna", "running", False),
        ("bert", "stopped", True),
    ]
    picture = platform.administer("GET", "/sessions/anna").data
    assert picture["ladders"]["long"]["levels"][0]["level"] == 0
    assert len(picture["equity"]) >= 1
    assert platform.administer("GET", "/sessions/bert").data["ladders"] is None
    used = platform.administer("GET", "/resources").data
    assert used["memoryBytes"] > 10_000_000
    assert used["threads"] > 2
    assert platform.administer("POST", "/close-positions/nobody").body["code"] == "USER_NOT_FOUND"


def test_stopping_twice_is_no_mistake(platform: Platform) -> None:
    """Nor is starting twice."""
    platform.ask("POST", "/users", registration())
    assert [platform.ask("POST", "/users/anna/start").data["status"] for _ in range(2)] == ["running"] * 2
    assert [platform.ask("POST", "/users/anna/stop").data["status"] for _ in range(2)] == ["stopped"] * 2


def test_starts_that_wait_keep_nobody_else_waiting(tmp_path: Path) -> None:
    """Sixty users start at once on an exchange that does not answer; the server goes on answering the others."""
    crew, away = _Away(), threading.Event()
    crew.back = away
    options = Options("127.0.0.1", 0, tmp_path / "data", version="1.2.3")
    handle = start(assemble(options, SECRETS, crew, logging.getLogger("gridhedge.server")), options)
    platform = Platform(handle.url)
    users = [f"user{number}" for number in range(60)]
    try:
        for user in users:
            assert platform.ask("POST", "/users", registration(user)).status == 201
        with ThreadPoolExecutor(len(users)) as pool:
            starts = [pool.submit(platform.ask, "POST", f"/users/{user}/start") for user in users]
            until(lambda: len(crew.opened) == len(users))
            assert platform.send("GET", "/health").data["sessions"] == {"total": 60, "running": 0}
            assert platform.state("user0") == "starting"
            away.set()
            assert {answer.result().status for answer in starts} == {200}
    finally:
        away.set()
        handle.stop()


class _Away(Crew):
    """Opens nothing until its exchange is back."""

    back: threading.Event

    def open(self, *told: Any) -> Trader:
        trader = super().open(*told)
        self.back.wait()
        return trader
