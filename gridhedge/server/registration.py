"""What a platform sends to register a user. The schema of a strategy's settings is the profile's, in camelCase."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic.alias_generators import to_camel

__all__ = ["USER_ID", "Registration", "plain_wishes", "secrets_of"]

USER_ID = r"^[A-Za-z0-9][A-Za-z0-9_.@:-]{0,63}$"
"""What may stand in a path without being encoded."""

_KeyText = Annotated[SecretStr, Field(min_length=1, max_length=256)]
_SECRETS = ("apiKey", "apiSecret", "passphrase", "webhookSecret")
_Amount = Annotated[Decimal, Field(ge=0, le=Decimal("1e9"))]


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid", hide_input_in_errors=True)


class Exchange(_Model):
    """Where to trade, and with which keys. ``paper`` needs none."""

    name: Annotated[str, Field(max_length=16, examples=["bybit"])]
    api_key: _KeyText | None = None
    api_secret: _KeyText | None = None
    passphrase: _KeyText | None = None
    is_demo: bool
    """Demo or real money: always said."""


class Wishes(_Model):
    """What to trade, and how. The plain settings are those of the ``signal`` strategy: see docs/SERVER.md."""

    trading_pair: Annotated[str, Field(pattern=r"^[A-Z0-9]{3,24}$", examples=["BTCUSDT"])]
    leverage: Annotated[int, Field(ge=1, le=200)]
    trade_amount: Annotated[_Amount, Field(gt=0)] | None = None
    """Of the first order, in quote currency."""
    take_profit: _Amount | None = None
    """Of a basket, in quote currency; 0: none."""
    stop_loss: _Amount | None = None
    """Of a day, in quote currency; 0: none."""
    max_concurrent_trades: Annotated[int, Field(ge=1, le=200)] | None = None
    custom_settings: dict[str, Any] = {}
    """``strategy`` and its settings, in camelCase."""


class Registration(_Model):
    """A user of the platform."""

    user_id: Annotated[str, Field(pattern=USER_ID, examples=["anna"])]
    user_bot_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x20-\x7e]+$")] | None = None
    exchange: Exchange
    settings: Wishes
    webhook_url: Annotated[str, Field(max_length=2048, examples=["https://platform.example/hook"])] | None = None
    webhook_secret: Annotated[SecretStr, Field(min_length=8, max_length=256)] | None = None

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
