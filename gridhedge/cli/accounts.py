"""The accounts of a data folder, for commands that act on running or stopped bots."""

from __future__ import annotations

from pathlib import Path

from gridhedge.domain.errors import UsageError
from gridhedge.store.emergency import FILE_NAME as EMERGENCY_FILE
from gridhedge.store.lock import holder

_LEFT_BEHIND = ("run.lock", "ledger.sqlite3", "status.json", EMERGENCY_FILE)


def known_accounts(data: Path) -> list[str]:
    """Accounts that have files in the data folder, in order of their names."""
    if not data.is_dir():
        return []
    return sorted(path.name for path in data.iterdir() if any((path / name).exists() for name in _LEFT_BEHIND))


def chosen_accounts(data: Path, account: str | None) -> list[str]:
    """The account named, or all of them. Raises UsageError where there is none."""
    known = known_accounts(data)
    if account is None:
        if not known:
            raise UsageError(f"{data}: no account has run here yet; start one with gridhedge run, or name --data-dir")
        return known
    if account not in known:
        raise UsageError(f"{data}: no account {account}; there {_are(known)}")
    return [account]


def one_account(data: Path, account: str | None) -> str:
    """The account named, or the only one."""
    chosen = chosen_accounts(data, account)
    if len(chosen) > 1:
        raise UsageError(f"{data}: several accounts ({', '.join(chosen)}): say which one with --account")
    return chosen[0]


def running(data: Path, account: str) -> int | None:
    """Process id of the bot that trades the account, None while nobody does."""
    return holder(data / account / "run.lock")


def command_line(name: str, data: Path, account: str) -> str:
    """What to type: ``gridhedge resume --account 001``, with the data folder where it is not the usual one."""
    folder = "" if data == Path("data") else f" --data-dir {data}"
    return f"gridhedge {name} --account {account}{folder}"


def _are(known: list[str]) -> str:
    if not known:
        return "are none"
    return f"is only {known[0]}" if len(known) == 1 else f"are {', '.join(known)}"
