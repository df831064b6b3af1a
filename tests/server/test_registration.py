"""A registration: what may be in it, and what of it may be kept in clear."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from pydantic import ValidationError

from gridhedge.server.registration import Registration, plain_wishes, secrets_of
from tests.server.platform import registration


def parsed(**more: Any) -> Registration:
    return Registration.model_validate(registration(**more))


def test_secrets_are_parted_from_the_rest() -> None:
    """Four of them, each in one place only; amounts stay exact texts."""
    body = registration(
        "anna", "bybit", keys={"passphrase": "p"}, webhookUrl="https://a.example", webhookSecret="12345678"
    )
    body["settings"]["tradeAmount"] = D("10.10")
    found = Registration.model_validate(body)
    assert secrets_of(found) == {
        "apiKey": "practice",
        "apiSecret": "practice",
        "passphrase": "p",
        "webhookSecret": "12345678",
    }
    plain = plain_wishes(found)
    assert plain["exchange"] == {"name": "bybit", "isDemo": True}
    assert plain["settings"]["tradeAmount"] == "10.10"
    assert "12345678" not in str(plain)


def test_a_registration_never_shows_its_secrets() -> None:
    """Printed or represented."""
    found = parsed(exchange="bybit")
    assert "practice" not in f"{found} {found!r}"


@pytest.mark.parametrize("user", ["", "-anna", "a/b", "a b", "änna", "a" * 65, "..", "anna\n"])
def test_an_id_is_what_may_stand_in_a_path(user: str) -> None:
    """Letters, digits and _ . @ : - after the first one."""
    with pytest.raises(ValidationError):
        parsed(user=user)


@pytest.mark.parametrize("user", ["a", "anna@example.org", "0f8fad5b-d9cb-469f-a165-70867728950e", "user:7"])
def test_ids_of_platforms_are_accepted(user: str) -> None:
    """Numbers, addresses, UUIDs."""
    assert parsed(user=user).user_id == user


def test_demo_or_real_money_is_always_said() -> None:
    """There is no default."""
    body = registration()
    del body["exchange"]["isDemo"]
    with pytest.raises(ValidationError):
        Registration.model_validate(body)


@pytest.mark.parametrize("field", ["webhookUrl", "webhookSecret"])
def test_a_webhook_is_an_address_and_a_secret(field: str) -> None:
    """One without the other is a mistake."""
    with pytest.raises(ValidationError, match="belong together"):
        parsed(**{field: "https://a.example"})
