"""``gridhedge init``: asks a few questions, writes a commented profile and a .env, and shows the ladder they imply."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from gridhedge.cli.options import amount, data_option
from gridhedge.domain.errors import UsageError
from gridhedge.profile.draft import Draft, DraftSymbol, written
from gridhedge.profile.load import load_profile
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import RealVenueSettings
from gridhedge.store.files import atomic_write
from gridhedge.store.secret import SecretStore

_VENUES = ("paper", "bybit", "binance")
_PRICES = {"BTC": "60000", "ETH": "3000", "SOL": "150", "DOGE": "0.2"}
"""Where a walk of the embedded exchange begins."""


class _Risk(NamedTuple):
    """What a word means. The numbers are leverage, levels, reserve and margin rate at which everything stops."""

    leverage: str
    levels: str
    buffer: str
    threshold: str
    meaning: str


_RISKS = {
    "careful": _Risk("5", "6", "40.0", "50.0", "leverage 5, 6 levels, 40 % of the balance never touched"),
    "medium": _Risk("20", "8", "25.0", "70.0", "leverage 20, 8 levels, 25 % never touched"),
    "bold": _Risk("75", "10", "15.0", "90.0", "leverage 75, 10 levels, 15 % never touched: usually loses everything"),
}


@click.command("init")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The profile (default: by the symbol).")
@click.option("--from", "old", type=click.Path(path_type=Path, dir_okay=False), help="Convert an old settings file.")
@click.option(
    "--venue",
    type=click.Choice(_VENUES),
    help="Where; paper is the embedded exchange. With --from: in place of the old one's.",
)
@click.option("--symbol", help="What to trade, such as DOGEUSDT. With --from: in place of the old one's only symbol.")
@click.option("--risk", type=click.Choice(tuple(_RISKS)), help="How much.")
@click.option("--first-margin", help="Margin of the first order of each side, in USD.")
@click.option("--account", help="Its number or name, such as 001.")
@data_option
def command(
    out: Path | None,
    old: Path | None,
    venue: str | None,
    symbol: str | None,
    risk: str | None,
    first_margin: str | None,
    account: str | None,
    data_dir: Path,
) -> None:
    """Write a commented profile and a .env, and show the ladder they imply. Asks for what the options do not say.

    Real money is never chosen here: change demo_trading in the profile yourself. --from FILE converts the settings of
    the programs that came before: the symmetric grid's config.yaml, the trimming grid's config_btc.txt, the signal
    robot's .env.
    """
    if old is not None:
        from gridhedge.profile.old_settings import drafts_of

        if risk is not None or first_margin is not None:
            raise UsageError("--risk and --first-margin are for new profiles; with --from the old file says it")
        drafts = [_named(_moved(draft, venue), symbol, account) for draft in drafts_of(old)]
        if out is not None and len(drafts) > 1:
            raise UsageError(f"{old} has {len(drafts)} accounts: leave --out away, each gets a profile of its own")
        head = f"Written by gridhedge init from {old.name}."
    else:
        drafts = [_asked(venue, symbol, risk, first_margin, account)]
        head = "Written by gridhedge init."
    targets = [out or _name(draft, len(drafts) > 1) for draft in drafts]
    if any(draft.venue["name"] != "paper" for draft in drafts):
        SecretStore(os.environ, Path(".env"))  # a .env that others may read is said before anything is written
    profiles = _write(drafts, targets, head)
    for draft, target, profile in zip(drafts, targets, profiles, strict=True):
        click.echo(f"{target}: written")
        for remark in draft.remarks:
            click.echo(f"note: {remark}", err=True)
        _prepare_keys(profile)
        _show_ladder(target, profile, data_dir)
    click.echo(f"now: gridhedge check --profile {targets[0]}    then: gridhedge run --profile {targets[0]}")


# ---- questions -------------------------------------------------------------------------------------------------------


def _asked(venue: str | None, symbol: str | None, risk: str | None, margin: str | None, account: str | None) -> Draft:
    venue = venue or _choice("venue (paper is the embedded exchange: no keys, no money)", _VENUES, "paper")
    symbol = (symbol or str(click.prompt("symbol", default="DOGEUSDT"))).upper()
    if risk is None:
        for name, each in _RISKS.items():
            click.echo(f"  {name}: {each.meaning}")
        risk = _choice("risk", tuple(_RISKS), "careful")
    margin = margin or str(click.prompt("margin of the first order of each side, USD", default="1.0"))
    amount("--first-margin", margin)
    chosen = _RISKS[risk]
    strategy = {
        "kind": "symmetric",
        "initial_position_size_usd": margin,
        "grid_step_percent": "1.0",
        "averaging_multiplier": "2.0",
        "take_profit_percent": "1.0",
        "max_grid_levels_per_side": chosen.levels,
    }
    entry = DraftSymbol(symbol, chosen.leverage, strategy, _price(symbol) or "1")
    rest = {"mm_rate_threshold": chosen.threshold, "balance_buffer_percent": chosen.buffer}
    return Draft(account or ("paper" if venue == "paper" else "001"), _venue(venue, symbol), (entry,), rest)


def _moved(draft: Draft, venue: str | None) -> Draft:
    """The same settings on another venue than the old program's."""
    if venue is None or venue == draft.venue["name"]:
        return draft
    symbols = tuple(entry._replace(price=_price(entry.symbol) or "1") for entry in draft.symbols)
    return draft._replace(venue=_venue(venue, symbols[0].symbol), symbols=symbols)


def _named(draft: Draft, symbol: str | None, account: str | None) -> Draft:
    """The same settings for another symbol, or under another account's name."""
    symbols = draft.symbols
    if symbol is not None:
        if len({entry.symbol for entry in symbols}) > 1:
            raise UsageError(f"--symbol replaces an only symbol; the old file has {len(symbols)}")
        symbols = tuple(entry._replace(symbol=symbol.upper(), price=_price(symbol.upper())) for entry in symbols)
    return draft._replace(symbols=symbols, account=account or draft.account)


def _price(symbol: str) -> str:
    return _PRICES.get(re.sub(r"USD[TC]$", "", symbol), "")


def _choice(question: str, choices: Sequence[str], default: str) -> str:
    return str(click.prompt(question, type=click.Choice(tuple(choices)), default=default))


def _venue(name: str, symbol: str) -> Mapping[str, str]:
    if name == "paper":
        return {"name": name, "rules": "binance" if symbol.endswith("USDC") else "bybit", "balance": "1000"}
    return {"name": name, "demo_trading": "true"}


# ---- files -----------------------------------------------------------------------------------------------------------


def _name(draft: Draft, with_account: bool) -> Path:
    stem = draft.symbols[0].symbol.lower()
    return Path(f"{draft.account}_{stem}.yaml" if with_account else f"{stem}.yaml")


def _write(drafts: Sequence[Draft], targets: Sequence[Path], head: str) -> list[Profile]:
    """Write all of them or none: a profile that does not load is shown with its mistakes and not kept."""
    for target in targets:
        if target.exists():
            raise UsageError(f"{target}: is there already; give another name with --out")
        if not target.parent.is_dir():
            raise UsageError(f"{target}: the folder {target.parent} does not exist; make it, or choose another file")
    profiles: list[Profile] = []
    try:
        for draft, target in zip(drafts, targets, strict=True):
            target.write_text(written(draft, head), encoding="utf-8")
            profiles.append(load_profile(target, live=True))
    except (UsageError, OSError) as error:
        for target in targets:
            target.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise UsageError(f"{target}: can not be written ({error.strerror}); choose another file") from error
        raise UsageError(f"nothing was written, because the profile would not load:\n{error}") from error
    return profiles


def _prepare_keys(profile: Profile) -> None:
    """Give a real venue's keys their names in .env; ask for them where somebody sits at a terminal."""
    if not isinstance(profile.venue, RealVenueSettings):
        return
    name = str(getattr(profile.venue, "name", "")).upper()
    store, prefix = SecretStore(os.environ, Path(".env")), f"{profile.account.upper()}_{name}_API_"
    if store.find(f"{prefix}KEY") or store.find(f"{name}_API_KEY"):
        click.echo(f".env: {_completeness(store, profile.account, name)}")
        return
    parts = ("KEY", "SECRET", "PASSPHRASE") if name == "BITGET" else ("KEY", "SECRET")
    values = {f"{prefix}{part}": _secret(f"{prefix}{part}") for part in parts}
    lines = [f"{key}={value}" if value else f"#{key}=" for key, value in values.items()]
    file = Path(".env")
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    new = [line for line in lines if line not in before]
    if new:
        separator = "" if not before or before.endswith("\n") else "\n"
        atomic_write(file, (before + separator + "\n".join(new) + "\n").encode())
    left = [key for key, value in values.items() if not value]
    click.echo(f".env: {'fill in ' + ' and '.join(left) if left else 'has the keys of account ' + profile.account}")


def _completeness(store: SecretStore, account: str, venue: str) -> str:
    """Whether a key has its partners, too."""
    try:
        store.api_keys(account, venue, passphrase=venue == "BITGET")
    except UsageError as error:
        return str(error)
    return f"has the keys of account {account}"


def _secret(name: str) -> str:
    """What is typed without being shown; empty where nobody sits at a terminal."""
    if not sys.stdin.isatty():
        return ""
    return str(click.prompt(f"{name} (not shown; empty: later)", default="", hide_input=True, show_default=False))


# ---- the ladder ------------------------------------------------------------------------------------------------------


def _show_ladder(target: Path, profile: Profile, data: Path) -> None:
    """As ``plan`` does; from an example where nobody tells the price now."""
    from gridhedge.cli.facts import facts_of
    from gridhedge.cli.plan_command import command as plan

    price: str | None = None
    try:
        (first, *others) = facts_of(profile).values()
        if first.last is None and not others and (example := _price(first.instrument.symbol)):
            click.echo(f"note: nobody tells the price now, the ladder begins at an example of {example}", err=True)
            price = example
        click.get_current_context().invoke(
            plan, profile=target, price=price, balance=None, symbol=None, leverage=None, as_json=False, data_dir=data
        )
    except UsageError as error:
        text = f"note: no ladder is shown: {error}; gridhedge plan --profile {target} shows it at any price"
        click.echo(text, err=True)
