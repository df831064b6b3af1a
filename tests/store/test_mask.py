"""Masking."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus

import pytest

from gridhedge.store.mask import Masker
from gridhedge.store.secret import Secret

HEX = "9f86d081884c7d659a2feaa0c55ad015"


@pytest.mark.parametrize("spell", [str, quote, quote_plus, lambda text: quote(text, safe=""), json.dumps, repr])
def test_a_known_value_is_masked_in_every_spelling(spell):
    """As it stands, in URLs, in JSON, in Python literals; also inside a longer word."""
    value = 'p+/w "ö\\'
    text = Masker([Secret(value)]).mask(f"before{spell(value)}after")
    assert text.replace('"', "").replace("'", "") == "before***after"


def test_a_value_that_is_part_of_another_does_not_uncover_it():
    """The longer one goes first."""
    assert Masker([Secret("abcd"), Secret("abcdefgh")]).mask("xabcdefghx abcdx") == "x***x ***x"


def test_values_may_be_registered_later():
    """The masker of the logs exists before the keys are read."""
    masker = Masker()
    assert masker.mask("tango42") == "tango42"
    masker.register([Secret("tango42")])
    masker.register([Secret("foxtrot")])
    assert masker.mask("tango42 foxtrot") == "*** ***"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"signature={HEX}", "signature=***"),
        (f"&sign={HEX}&x=1", "&sign=***&x=1"),
        (f"'X-BAPI-SIGN': '{HEX}', 'X': '1'", "'X-BAPI-SIGN': ***, 'X': '1'"),
        (f"'X-BAPI-API-KEY': '{HEX}'", "'X-BAPI-API-KEY': ***"),
        (f"X-MBX-APIKEY: {HEX}", "X-MBX-APIKEY: ***"),
        (f"ACCESS-PASSPHRASE: {HEX}", "ACCESS-PASSPHRASE: ***"),
        (f'{{"listenKey":"{HEX}"}}', '{"listenKey":***}'),
        (f'"apiKey": "{HEX} with blanks"', '"apiKey": ***'),
        (f"(b'ACCESS-SIGN', b'{HEX}')", "(b'ACCESS-SIGN', ***)"),
        (f"api_secret={HEX}", "api_secret=***"),
        (f"GRIDHEDGE_MT5_PASSWORD={HEX}", "GRIDHEDGE_MT5_PASSWORD=***"),
        (f'"webhookSecret": "{HEX}"', '"webhookSecret": ***'),
        (f"Cookie: a={HEX}; b={HEX}\nnext", "Cookie: ***\nnext"),
        (f"'Set-Cookie': 'a={HEX}; Path=/', 'X': '1'", "'Set-Cookie': ***, 'X': '1'"),
        (f"Authorization: Bearer {HEX}", "Authorization: ***"),
        (f"https://api.bybit.com/v5/order?orderId=5&x={HEX} said no", "https://api.bybit.com/v5/order?*** said no"),
        (f"retries exceeded with url: /v5/x?a={HEX} (Caused by", "retries exceeded with url: /v5/x?*** (Caused by"),
        (f"wss://fstream.binance.com/ws/{HEX}", "wss://fstream.binance.com/ws/***"),
        (f"http://me:{HEX}@proxy:8080/", "http://***@proxy:8080/"),
    ],
)
def test_what_looks_like_a_secret_is_masked_without_being_known(text, masked):
    """Signatures, session keys, cookies, credentials and query strings, as clients and their errors print them."""
    assert Masker().mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "placed symbol=DOGEUSDT side=long level=1 price=0.19733 client_id=ghabc123-LG01-t3r8t6-1",
        'rejected reason=margin text="API key is invalid." code=10003',
        "GET https://api.bybit.com/v5/order/realtime 200 in 81 ms",
        "is this right? yes",
        "signal=buy design=none monkey=1",
    ],
)
def test_ordinary_lines_stay_readable(text):
    """Nothing is masked that is not secret."""
    assert Masker([Secret("never seen here")]).mask(text) == text


def test_a_very_short_value_does_not_black_out_the_log():
    """Three characters are no key."""
    assert Masker([Secret("abc")]).mask("abc abc") == "abc abc"


def test_a_name_in_letters_beyond_ascii_hides_nothing():
    """A pattern takes the Kelvin sign for a k and the dotless i for an i; so must whatever decides to try it."""
    for name in ("api\u212aey", "s\u0131gn", "\u017fecret"):
        assert HEX not in Masker().mask(f"{name}={HEX}")


@pytest.mark.parametrize("name", ["SIGNATURE", "ListenKey", "x-Bapi-Nonce", "Passwd", "TOKEN", "mySecret"])
def test_names_are_known_in_any_letters(name):
    """A header's name is written in many ways."""
    assert Masker().mask(f"{name}: {HEX}") == f"{name}: ***"
