"""Settings files of the programs that came before, turned into drafts of profiles.

Understood are the symmetric grid's ``config.yaml`` (wherever in it an entry with a ``symbol`` stands, with the settings
around it), the trimming grid's ``config_btc.txt`` (fractions become percent) and the signal robot's ``.env``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from gridhedge.domain.errors import UsageError
from gridhedge.profile.document import Plain, read_document
from gridhedge.profile.draft import Draft, DraftSymbol

__all__ = ["drafts_of"]

_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*)\Z")
_SYMBOL = re.compile(r"[A-Z0-9]{2,20}USD[TC]")
_SECRET = re.compile(r"KEY|SECRET|PASSPHRASE|PASSWORD|TOKEN")


class _Old(NamedTuple):
    """A line ``NAME=value``."""

    line: int
    value: str


def drafts_of(path: Path) -> list[Draft]:
    """One draft per account in the file. Raises UsageError for a file that can not be read or is none of these."""
    if path.suffix in (".yaml", ".yml"):
        return _from_symmetric(path)
    found = _assignments(path)
    if "ENTRY_RATIOS" in found or "GRID_RANGE_PCT" in found:
        return [_from_trim(path, found)]
    if "SPACE_PERCENT" in found:
        return [_from_signal(path, found)]
    raise UsageError(
        f"{path}: is no old settings file: a config.yaml, a text with ENTRY_RATIOS=, or a .env with SPACE_PERCENT="
    )


# ---- the symmetric grid's config.yaml --------------------------------------------------------------------------------

_SYMMETRIC = (
    "initial_position_size_usd", "grid_step_percent", "averaging_multiplier", "take_profit_percent",
    "max_grid_levels_per_side",
)  # fmt: skip
_RISK = ("mm_rate_threshold", "balance_buffer_percent")
_KNOWN = {*_SYMMETRIC, *_RISK, "symbol", "leverage", "demo_trading", "dry_run", "id", "account_id", "account"}


def _from_symmetric(path: Path) -> list[Draft]:
    root = read_document(path).root.plain()
    if not isinstance(root, dict):
        raise UsageError(f"{path}: is not a group of settings (lines of key: value)")
    accounts = root.get("accounts")
    if isinstance(accounts, dict):
        named = [{"id": name, **(each if isinstance(each, dict) else {})} for name, each in accounts.items()]
    elif isinstance(accounts, list):
        named = [each for each in accounts if isinstance(each, dict)]
    else:
        named = [root]
    common = {} if named == [root] else _scalars({name: each for name, each in root.items() if name != "accounts"})
    return [_symmetric_account(path, {**each}, common, number) for number, each in enumerate(named, start=1)]


def _symmetric_account(path: Path, account: dict[str, Plain], common: Mapping[str, str], number: int) -> Draft:
    entries = list(_entries(account, {}))
    said = {**common, **_scalars(account)}
    symbols = []
    for entry in entries:
        whole = {**said, **entry}
        for name in ("symbol", "leverage", "initial_position_size_usd"):
            if name not in whole:
                raise UsageError(f"{path}: {name} is missing; add it, nothing critical has a default")
        strategy = {"kind": "symmetric", **{name: whole[name] for name in _SYMMETRIC if name in whole}}
        symbols.append(DraftSymbol(whole["symbol"].upper(), whole["leverage"], strategy))
    if not symbols:
        raise UsageError(f"{path}: no symbol: is in it; this is not the symmetric grid's config.yaml")
    if said.get("demo_trading", "").lower() not in ("true", "false"):
        raise UsageError(f"{path}: demo_trading: must be true or false; add it, demo or real money is never guessed")
    left_out = sorted({name for entry in (said, *entries) for name in entry} - _KNOWN)
    name = next((said[key] for key in ("id", "account_id", "account") if key in said), str(number))
    return Draft(
        f"{int(name):03d}" if name.isdecimal() else name,
        {"name": "bybit", "demo_trading": said["demo_trading"].lower()},
        tuple(symbols),
        {name: said[name] for name in _RISK if name in said},
        {"dry_run": said["dry_run"].lower()} if "dry_run" in said else {},
        tuple(f"{name} has no counterpart and is left out" for name in left_out if not _SECRET.search(name.upper())),
    )


def _entries(node: Plain, around: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Every group with a ``symbol``, with the plain settings in and around it."""
    if isinstance(node, list):
        for item in node:
            yield from _entries(item, around)
    elif isinstance(node, dict):
        here = {**around, **{name: value for name, value in node.items() if isinstance(value, str)}}
        if "symbol" in here and "symbol" in node:
            yield {**here, **_scalars({name: value for name, value in node.items() if not isinstance(value, str)})}
            return
        for name, value in node.items():
            is_named = isinstance(value, dict) and "symbol" not in value and _SYMBOL.fullmatch(name) is not None
            yield from _entries({"symbol": name, **value} if is_named and isinstance(value, dict) else value, here)


def _scalars(node: Plain) -> dict[str, str]:
    """Every plain setting of a tree by its name, those of entries with a symbol of their own left out."""
    found: dict[str, str] = {}
    if isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, str):
                found[name] = value
            elif not (isinstance(value, dict) and ("symbol" in value or _SYMBOL.fullmatch(name))):
                found = {**_scalars(value), **found}
    return found


# ---- NAME=value ------------------------------------------------------------------------------------------------------


def _assignments(path: Path) -> dict[str, _Old]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: can not be read as text; check its name") from error
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _ASSIGNMENT.match(stripped)
        if match is None:
            raise UsageError(f"{path}:{number}: is not a line NAME=value; correct or remove it")
        value = re.split(r"\s+#", match[2])[0].strip()
        found[match[1].upper()] = _Old(number, value.strip("\"'"))
    return found


def _number(path: Path, name: str, old: _Old, text: str | None = None) -> Decimal:
    try:
        number = Decimal(old.value if text is None else text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise UsageError(f"{path}:{old.line}: {name}: {old.value!r} is not a number; correct it")
    return number


def _percent(path: Path, name: str, old: _Old) -> str:
    """Fractions, one or several with commas, as percent."""
    numbers = [_number(path, name, old, part.strip()) * 100 for part in old.value.split(",")]
    texts = [f"{number.normalize():f}" for number in numbers]
    return texts[0] if "," not in old.value else f"[{', '.join(texts)}]"


def _left_out(found: Mapping[str, _Old], known: set[str]) -> tuple[str, ...]:
    remarks = [
        f"{name} (line {old.line}) has no counterpart and is left out"
        for name, old in found.items()
        if name not in known and not _SECRET.search(name)
    ]
    if any(_SECRET.search(name) and name not in known for name in found):
        remarks.append("keys are not copied: gridhedge reads them from .env, under the names that .env.example shows")
    return tuple(remarks)


_SIDE_CHOSEN = "the old file does not say demo or real money: demo_trading: true was chosen"


def _demo(venue: str) -> dict[str, str]:
    return {"name": venue, "demo_trading": "true"}


# ---- the trimming grid's config_btc.txt ------------------------------------------------------------------------------

_FRACTIONS = {
    "LEVEL_DISTANCES": "level_distances_percent",
    "SL_DISTANCE": "stop_loss_percent",
    "GRID_RANGE_PCT": "grid_range_percent",
    "TP_PCT": "take_profit_percent",
    "BE_PCT": "break_even_percent",
}
_DEFAULT_LEVERAGE = {"long": "20", "short": "5"}
_COIN = re.compile(r"config_([A-Za-z0-9]+)\Z")


def _from_trim(path: Path, found: Mapping[str, _Old]) -> Draft:
    wish = found["TRADE_DIRECTION"].value.lower() if "TRADE_DIRECTION" in found else "long"
    if wish not in ("long", "short", "both"):
        raise UsageError(f"{path}:{found['TRADE_DIRECTION'].line}: TRADE_DIRECTION: write LONG, SHORT or BOTH")
    coin = _COIN.search(path.stem)
    if "SYMBOL" not in found and coin is None:
        raise UsageError(f"{path}: neither SYMBOL= nor the name (config_btc.txt) says the symbol; add SYMBOL=BTCUSDC")
    symbol = found["SYMBOL"].value.upper() if "SYMBOL" in found else f"{coin[1].upper()}USDC" if coin else ""
    symbols = []
    for direction in ("long", "short") if wish == "both" else (wish,):
        name = f"LEVERAGE_{direction.upper()}"
        leverage = f"{_number(path, name, found[name]):f}" if name in found else _DEFAULT_LEVERAGE[direction]
        symbols.append(DraftSymbol(symbol, leverage, {"kind": "trim", "direction": direction, **_trim(path, found)}))
    known = {*_FRACTIONS, "TRADE_DIRECTION", "SYMBOL", "LEVERAGE_LONG", "LEVERAGE_SHORT"}
    known |= {"INITIAL_CAPITAL", "MAX_ENTRY_LEVEL", "ENTRY_RATIOS"}
    return Draft("001", _demo("binance"), tuple(symbols), {}, {}, (_SIDE_CHOSEN, *_left_out(found, known)))


def _trim(path: Path, found: Mapping[str, _Old]) -> dict[str, str]:
    said = {}
    for name in ("INITIAL_CAPITAL", "MAX_ENTRY_LEVEL"):
        if name in found:
            said[name.lower()] = f"{_number(path, name, found[name]):f}"
    if "ENTRY_RATIOS" in found:
        old = found["ENTRY_RATIOS"]
        ratios = [f"{_number(path, 'ENTRY_RATIOS', old, part.strip()):f}" for part in old.value.split(",")]
        said["entry_ratios"] = f"[{', '.join(ratios)}]"
    return said | {new: _percent(path, name, found[name]) for name, new in _FRACTIONS.items() if name in found}


# ---- the signal robot's .env -----------------------------------------------------------------------------------------

_BANDS = tuple(f"SPACE{band}_{what}" for band in ("", "1", "2", "3") for what in ("PERCENT", "ORDERS", "LOTS"))
_SIGNAL = (
    "TIMEFRAME", "USE_SMA_SAR", "SMA_PERIOD", "SAR_AF", "SAR_MAX", "REVERSE_ORDER", "CCI_PERIOD", "CCI_MAX", "CCI_MIN",
    "START_TIME", "FINISH_TIME", "TRADES_PER_DAY", "SUSPEND", *_BANDS, "OPEN_ON_NEW_CANDLE", "MULTIPLIER", "MIN_LOT",
    "MAX_LOT", "SINGLE_ORDER_PROFIT", "BASKET_PROFIT", "PAIR_GLOBAL_PROFIT", "GLOBAL_PROFIT", "MAX_LOSS",
)  # fmt: skip
_TIMEFRAMES = {name.lower(): name for name in ("1m", "5m", "15m", "30m", "1H", "4H", "1D")}
_FLAGS = {
    **dict.fromkeys(("true", "1", "yes", "on"), "true"),
    **dict.fromkeys(("false", "0", "no", "off"), "false"),
}
_FLAG_NAMES = ("USE_SMA_SAR", "REVERSE_ORDER", "SUSPEND", "OPEN_ON_NEW_CANDLE")
_TIME = re.compile(r"([0-9]|[01][0-9]|2[0-4]):([0-5][0-9])")


def _from_signal(path: Path, found: Mapping[str, _Old]) -> Draft:
    for name in ("SYMBOL", "LEVERAGE", "SPACE_LOTS"):
        if name not in found:
            raise UsageError(f"{path}: {name}= is missing; add it, nothing critical has a default")
    strategy = {"kind": "signal"}
    for name in _SIGNAL:
        if name in found and found[name].value:
            strategy[name.lower()] = _signal(path, name, found[name])
    leverage = f"{_number(path, 'LEVERAGE', found['LEVERAGE']):f}"
    symbol = DraftSymbol(found["SYMBOL"].value.upper(), leverage, strategy)
    remarks = _SIDE_CHOSEN, *_idle_bands(strategy), *_left_out(found, {*_SIGNAL, "SYMBOL", "LEVERAGE"})
    return Draft("001", _demo("bitget"), (symbol,), {}, {}, remarks)


def _idle_bands(strategy: Mapping[str, str]) -> Iterator[str]:
    """A band of which the file says the distance, and not how many orders stand in it."""
    for band in ("space1", "space2", "space3"):
        if f"{band}_percent" in strategy and f"{band}_orders" not in strategy:
            name = f"{band.upper()}_ORDERS"
            yield f"{name} is missing: this band has no orders until the profile says {name.lower()}"


def _signal(path: Path, name: str, old: _Old) -> str:
    if name == "TIMEFRAME":
        said = _TIMEFRAMES.get(old.value.lower())
    elif name in _FLAG_NAMES:
        said = _FLAGS.get(old.value.lower())
    elif name in ("START_TIME", "FINISH_TIME"):
        said = _time_of_day(old.value)
    else:
        number = _number(path, name, old)
        said = f"{-abs(number) if name == 'MAX_LOSS' else number:f}"
    if said is None:
        raise UsageError(f"{path}:{old.line}: {name}: {old.value!r} is not understood; correct it")
    return said


def _time_of_day(text: str) -> str | None:
    """``"08:30"`` for 8:30; the end of a day is the beginning of the next one."""
    match = _TIME.fullmatch(text)
    if match is None or (match[1] == "24" and match[2] != "00"):
        return None
    return f'"{int(match[1]) % 24:02d}:{match[2]}"'
