"""What a platform sends to register a user. The schema of a strategy's settings is the profile's, in camelCase."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic.alias_generators import to_camel

__all__ = ["USER_ID", "USER_ID_MEANS", "Registration", "plain_wishes", "secrets_of"]

USER_ID = r"^[A-Za-z0-9][A-Za-z0-9_.@:-]{0,63}$"
"""What may stand in a path without being encoded."""
USER_ID_MEANS = "letters, digits and _ . @ : - (a letter or digit first, 64 at most)"

_SECRETS = ("apiKey", "apiSecret", "passphrase", "webhookSecret")


def _counts(value: Any) -> Any:
    """True is no amount, though Python says that it is 1."""
    if isinstance(value, bool):
        raise ValueError("not a number")
    return value


_Text = Annotated[SecretStr, Field(min_length=1, max_length=256)]
_Key = Annotated[_Text | None, Field(description="it as the exchange has shown it")]
_Amount = Annotated[Decimal, BeforeValidator(_counts), Field(ge=0, le=Decimal("1e9"))]
_Whole = Annotated[int, Field(strict=True, ge=1, le=200)]
_WHOLE_MEANS = "a whole number, 1 to 200"


class _Model(BaseModel):
    """Descriptions say what may be given, and so complete the sentence "… is missing; give"."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid", hide_input_in_errors=True)


class Exchange(_Model):
    """Where to trade, and with which keys. ``paper`` needs none."""

    name: Annotated[str, Field(max_length=16, examples=["bybit"], description="an exchange of /info")]
    api_key: _Key = None
    api_secret: _Key = None
    passphrase: _Key = None
    is_demo: Annotated[bool, Field(strict=True, description="true for demo trading, false for real money")]
    """Demo or real money: always said."""


class Wishes(_Model):
    """What to trade, and how. The plain settings are those of the ``signal`` strategy: see docs/SERVER.md."""

    trading_pair: Annotated[
        str, Field(pattern=r"^[A-Z0-9]{3,24}$", examples=["BTCUSDT"], description="a pair such as BTCUSDT")
    ]
    leverage: Annotated[_Whole, Field(description=_WHOLE_MEANS)]
    trade_amount: Annotated[
        Annotated[_Amount, Field(gt=0)] | None, Field(description="the first order in quote currency")
    ] = None
    take_profit: Annotated[_Amount | None, Field(description="a basket's profit in quote currency, 0 for none")] = None
    stop_loss: Annotated[_Amount | None, Field(description="a day's largest loss in quote currency, 0 for none")] = None
    max_concurrent_trades: Annotated[_Whole | None, Field(description=_WHOLE_MEANS)] = None
    custom_settings: Annotated[
        dict[str, Any], Field(description="the strategy and its settings, in camelCase; /info has their schema")
    ] = {}


class Registration(_Model):
    """A user of the platform."""

    user_id: Annotated[str, Field(pattern=USER_ID, examples=["anna"], description=USER_ID_MEANS)]
    user_bot_id: Annotated[
        Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x20-\x7e]+$")] | None,
        Field(description="1 to 64 printable ASCII characters"),
    ] = None
    exchange: Annotated[Exchange, Field(description="an object with name, isDemo and the keys")]
    settings: Annotated[Wishes, Field(description="an object with tradingPair, leverage and customSettings")]
    webhook_url: Annotated[
        Annotated[str, Field(max_length=2048, examples=["https://platform.example/hook"])] | None,
        Field(description="https://host/path, at most 2048 characters"),
    ] = None
    webhook_secret: Annotated[
        Annotated[SecretStr, Field(min_length=8, max_length=256)] | None, Field(description="8 to 256 characters")
    ] = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.webhook_url is None) != (self.webhook_secret is None):
            raise ValueError("webhookUrl and webhookSecret belong together; give both or none")
        return self


def plain_wishes(registration: Registration) -> dict[str, Any]:
    """The registration without its secrets, as it may be kept and shown; numbers as text, so that no digit is lost."""
    plain: dict[str, Any] = _texts(registration.model_dump(by_alias=True))
    return plain


def secrets_of(registration: Registration) -> dict[str, str]:
    """What must be sealed, by name."""
    exchange = registration.exchange
    found: Mapping[str, SecretStr | None] = {
        "apiKey": exchange.api_key,
        "apiSecret": exchange.api_secret,
        "passphrase": exchange.passphrase,
        "webhookSecret": registration.webhook_secret,
    }
    return {name: value.get_secret_value() for name, value in found.items() if value is not None}


def _texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _texts(item) for key, item in value.items() if str(key) not in _SECRETS}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return format(value, "f") if isinstance(value, Decimal) else value
