"""Everything that can be wrong in a profile, and the exact sentence that answers it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gridhedge.profile.sentences import nearest, shown

NUMBER = "a number 0.05–60"
GROUP = "a group of settings (lines of key: value)"
REMEDY = "keys belong in .env (see .env.example); remove it here, and if this file was ever shared, make a new key"

BROKEN = [
    # numbers outside their range
    (
        "grid_step_percent: 1.0",
        "grid_step_percent: 0",
        "14: symbols[0].strategy.grid_step_percent: 0 is below the minimum 0.01; choose 0.01–100",
    ),
    (
        "grid_step_percent: 1.0",
        "grid_step_percent: 100.1",
        "14: symbols[0].strategy.grid_step_percent: 100.1 is above the maximum 100; choose 0.01–100",
    ),
    (
        "grid_step_percent",
        "averaging_multiplier",
        "14: symbols[0].strategy.averaging_multiplier: 1.0 is not above 1; choose above 1, up to 10",
    ),
    ("leverage: 75", "leverage: 201", "10: symbols[0].leverage: 201 is above the maximum 200; choose 1–200"),
    ("leverage: 75", "leverage: -5", "10: symbols[0].leverage: -5 is below the minimum 1; choose 1–200"),
    (
        "threshold: 90.0",
        "threshold: 100.01",
        "16: risk.mm_rate_threshold: 100.01 is above the maximum 100; choose 0–100",
    ),
    (
        "tick_interval: 1.0",
        "tick_interval: 0.01",
        "19: system.tick_interval: 0.01 is below the minimum 0.05; choose 0.05–60",
    ),
    (
        "size_usd: 1.0",
        "size_usd: 1e9",
        "13: symbols[0].strategy.initial_position_size_usd: '1e9' is above the maximum 100000; choose 0.1–100000",
    ),
    (
        "0.19933}",
        "0.19933, volatility_percent: 0.00001}",
        "6: venue.feeds.DOGEUSDT.volatility_percent: 0.00001 has too many digits; 4 after the point are the most",
    ),
    # values of another kind
    ("leverage: 75", "leverage: 7.5", "10: symbols[0].leverage: 7.5 is not possible here; give a whole number 1–200"),
    (
        "leverage: 75",
        "leverage: true",
        "10: symbols[0].leverage: 'true' is not possible here; give a whole number 1–200",
    ),
    (
        "leverage: 75",
        "leverage: [75]",
        "10: symbols[0].leverage: a list is not possible here; give a whole number 1–200",
    ),
    ("leverage: 75", "leverage:", "10: symbols[0].leverage: is empty; give a whole number 1–200"),
    (
        "tick_interval: 1.0",
        "tick_interval: nan",
        f"19: system.tick_interval: 'nan' is not possible here; give {NUMBER}",
    ),
    (
        "tick_interval: 1.0",
        "tick_interval: 1,5",
        f"19: system.tick_interval: '1,5' is not possible here; give {NUMBER}",
    ),
    (
        "tick_interval: 1.0",
        "tick_interval: {a: 1}",
        f"19: system.tick_interval: a group of settings is not possible here; give {NUMBER}",
    ),
    ("dry_run: false", "dry_run: maybe", "7: dry_run: 'maybe' is not possible here; give true or false"),
    (
        "rules: bybit",
        "rules: bybit\n  start: 2026-01-01",
        "5: venue.start: '2026-01-01' is not possible here; give a time with its zone, such as 2026-01-01T00:00:00Z",
    ),
    ("system:\n  tick_interval: 1.0", "system: 5", f"18: system: 5 is not possible here; give {GROUP}"),
    (
        'account: "001"',
        "account: my account",
        "1: account: 'my account' is not possible here; give 1 to 16 letters, digits or _",
    ),
    (
        'account: "001"',
        'account: "a\\nb\\e[2J"',
        "1: account: 'a?b?[2J' is not possible here; give 1 to 16 letters, digits or _",
    ),
    (
        "symbol: DOGEUSDT",
        "symbol: dogeusdt",
        "9: symbols[0].symbol: 'dogeusdt' is not possible here; give the symbol as the venue writes it, in capitals, "
        "such as DOGEUSDT",
    ),
    # words from a list
    (
        "on_start: adopt",
        "on_start: adpot",
        "17: risk.on_start: 'adpot' is not possible here; did you mean adopt? choose adopt or cancel_all",
    ),
    (
        "on_start: adopt",
        "emergency_action: panic",
        "17: risk.emergency_action: 'panic' is not possible here; choose freeze, hold, cancel_entries or close_all",
    ),
    (
        "rules: bybit",
        "rules: kraken",
        "4: venue.rules: 'kraken' is not possible here; choose bybit, binance, bitget or mt5",
    ),
    # names that choose a schema
    (
        "name: paper",
        "name: papper",
        "3: venue.name: 'papper' is not a venue; did you mean paper? choose paper, bybit, binance, bitget or mt5",
    ),
    ("name: paper", "x: 1", "2: venue.name: is missing; give paper, bybit, binance, bitget or mt5"),
    (
        "name: paper",
        "name: [paper]",
        "3: venue.name: a list is not a venue; choose paper, bybit, binance, bitget or mt5",
    ),
    (
        "kind: symmetric",
        "kind: mirror",
        "12: symbols[0].strategy.kind: 'mirror' is not a strategy; choose symmetric, trim or signal",
    ),
    ("      kind: symmetric\n", "", "11: symbols[0].strategy.kind: is missing; give symmetric, trim or signal"),
    (
        "kind: synthetic",
        "kind: candle",
        "6: venue.feeds.DOGEUSDT.kind: 'candle' is not a feed; did you mean candles? "
        "choose synthetic, candles or ticks",
    ),
    (
        "{kind: synthetic, price: 0.19933}",
        "{kind: candles}",
        "6: venue.feeds.DOGEUSDT.file: is missing; give a file name, seen from the profile",
    ),
    (
        "{kind: synthetic, price: 0.19933}",
        "synthetic",
        f"6: venue.feeds.DOGEUSDT: 'synthetic' is not possible here; give {GROUP}",
    ),
    # missing and unknown keys
    ('account: "001"\n', "", "1: account: is missing; give 1 to 16 letters, digits or _"),
    ("    leverage: 75\n", "", "9: symbols[0].leverage: is missing; give a whole number 1–200"),
    (
        "grid_step_percent",
        "grid_step",
        "14: symbols[0].strategy.grid_step: is not a known key; did you mean grid_step_percent? correct or remove it",
    ),
    (
        "tick_interval: 1.0",
        "colour: red",
        "19: system.colour: is not a known key; known here: tick_interval, sync_interval; correct or remove it",
    ),
    (
        "rules: bybit",
        "rules: bybit\n  feed: x",
        "5: venue.feed: is not a known key; did you mean feeds? correct or remove it",
    ),
    # the same thing twice
    ("dry_run: false", "dry_run: false\ndry_run: true", "8: dry_run: was already said in line 7; remove one"),
    (
        "risk:",
        "  - symbol: DOGEUSDT\n    leverage: 5\n    strategy: {kind: symmetric, initial_position_size_usd: 1}\nrisk:",
        "15: symbols[1].symbol: DOGEUSDT symmetric is already there as symbols[0]; remove one of them",
    ),
    # rules between fields
    (
        "    DOGEUSDT: {kind: synthetic, price: 0.19933}",
        "    DOGEUSDT: {kind: synthetic, price: 1}\n    BTCUSDT: {kind: synthetic, price: 1}",
        "7: venue.feeds.BTCUSDT: BTCUSDT is not a symbol of this profile; its symbols: DOGEUSDT",
    ),
    (
        "risk:",
        "  - symbol: BTCUSDT\n    leverage: 5\n    strategy: {kind: symmetric, initial_position_size_usd: 1}\nrisk:",
        "15: symbols[1].symbol: BTCUSDT has no prices; add it to venue.feeds",
    ),
    # keys of exchanges
    ("dry_run: false", "api_key: x", f"7: api_key: {REMEDY}"),
    ("rules: bybit", "rules: bybit\n  bybit_api_secret: x", f"5: venue.bybit_api_secret: {REMEDY}"),
    (
        'account: "001"',
        "account: aB3dE6gH9jK2mN5pQ8",
        f"1: account: this value looks like the key of an exchange; {REMEDY}",
    ),
    ("dry_run: false", "aB3dE6gH9jK2mN5pQ8: 1", f"7: a name in this group looks like the key of an exchange; {REMEDY}"),
]
"""What is replaced in the good profile, by what, and the one line that answers it."""


@pytest.mark.parametrize(("old", "new", "sentence"), BROKEN, ids=[sentence[:60] for *_, sentence in BROKEN])
def test_one_mistake_gets_one_sentence(
    good: str, complaint: Callable[[str], list[str]], old: str, new: str, sentence: str
) -> None:
    """File, line, field, what is wrong, what to do."""
    assert old in good
    assert complaint(good.replace(old, new, 1)) == [sentence]


def test_all_mistakes_of_a_file_are_said_at_once_in_its_order(good: str, complaint: Callable[[str], list[str]]) -> None:
    """Nobody has to correct a file one start at a time."""
    text = good.replace("leverage: 75", "leverage: 750").replace("dry_run", "dry_rum").replace("adopt", "addopt")
    assert complaint(text) == [
        "7: dry_rum: is not a known key; did you mean dry_run? correct or remove it",
        "10: symbols[0].leverage: 750 is above the maximum 200; choose 1–200",
        "17: risk.on_start: 'addopt' is not possible here; did you mean adopt? choose adopt or cancel_all",
    ]


@pytest.mark.parametrize(
    ("word", "choice"),
    [("grid_step", "grid_step_percent"), ("Symbol", "symbol"), ("take_proft", None), ("step", "grid_step_percent")],
)
def test_the_nearest_choice_is_what_was_probably_meant(word: str, choice: str | None) -> None:
    """Slips of the finger, capitals and names cut short; nothing that is merely similar."""
    assert nearest(word, ("symbol", "leverage", "grid_step_percent")) == choice


def test_values_are_shown_short_on_one_line_and_printable() -> None:
    """A profile can not paint the terminal."""
    assert shown("a\nb\x1b[2J") == "'a?b?[2J'"
    assert shown("x" * 41) == f"'{'x' * 39}…'"
    assert shown("-1.50") == "-1.50"
    assert shown("1.5.0") == "'1.5.0'"
    assert (shown(None), shown({}), shown([])) == ("nothing", "a group of settings", "a list")
