"""What is wrong with a registration is said in our own words: the place, the mistake, the remedy, never the value."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gridhedge.server.problems import is_unreadable, sentences
from gridhedge.server.registration import Registration
from tests.server.platform import registration


def told(document: Any) -> str:
    """The sentences for a document that is no registration."""
    with pytest.raises(ValidationError) as caught:
        Registration.model_validate(document)
    return sentences({**problem, "loc": ("body", *problem["loc"])} for problem in caught.value.errors())


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("leverage", 0, "settings.leverage: is below 1; give a whole number, 1 to 200"),
        ("leverage", 201, "settings.leverage: is above 200; give a whole number, 1 to 200"),
        ("leverage", True, "settings.leverage: is not possible; give a whole number, 1 to 200"),
        ("leverage", "10", "settings.leverage: is not possible; give a whole number, 1 to 200"),
        ("tradeAmount", 0, "settings.tradeAmount: is not above 0; give the first order in quote currency"),
        ("tradeAmount", True, "settings.tradeAmount: is not possible; give the first order in quote currency"),
        ("tradingPair", "doge", "settings.tradingPair: is not possible; give a pair such as BTCUSDT"),
        ("leverge", 5, "settings.leverge: is not a known key; did you mean leverage? correct or remove it"),
    ],
)
def test_a_mistake_names_its_place_and_its_remedy(place: str, value: Any, sentence: str) -> None:
    """In the request's own names."""
    document = registration()
    document["settings"][place] = value
    assert told(document) == sentence


def test_what_is_missing_is_said_at_once() -> None:
    """All of it, in one line."""
    assert told({}) == (
        "userId: is missing; give letters, digits and _ . @ : - (a letter or digit first, 64 at most); "
        "exchange: is missing; give an object with name, isDemo and the keys; "
        "settings: is missing; give an object with tradingPair, leverage and customSettings"
    )
    assert told([]) == "a registration is a JSON object; /openapi.json describes it"


@pytest.mark.parametrize("value", ["no", "false", 0, None])
def test_real_money_is_never_guessed(value: Any) -> None:
    """Only true and false are an answer to demo or not."""
    document = registration()
    document["exchange"]["isDemo"] = value
    assert told(document) == "exchange.isDemo: is not possible; give true for demo trading, false for real money"


def test_a_secret_is_never_repeated() -> None:
    """Wherever it stands, and however wrong it is."""
    document = registration(webhookSecret="tiny-01", webhookUrl="https://a.example")
    document["exchange"]["apiSecret"] = {"nested": "key-01"}
    text = told(document)
    assert "webhookSecret: is not possible; give 8 to 256 characters" in text
    assert "01" not in text


def test_every_field_says_what_may_be_given() -> None:
    """A description for each: in the sentences, and in /openapi.json."""
    schema = Registration.model_json_schema()
    for model in (schema, *schema["$defs"].values()):
        for name, field in model["properties"].items():
            assert "description" in field, name


def test_json_that_can_not_be_read_is_told_apart() -> None:
    """It is the request that is wrong (400), not a value (422)."""
    problem = {"type": "json_invalid", "loc": ("body", 3), "msg": "", "ctx": {"error": "Invalid control character at"}}
    assert is_unreadable([problem])
    assert sentences([problem]) == (
        "the body is not proper JSON (Invalid control character); correct it and sign it anew"
    )
    assert not is_unreadable([{**problem, "type": "missing"}])
