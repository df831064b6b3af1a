"""Reads a profile. Everything that is wrong with it is said at once, one line each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from gridhedge.domain.errors import UsageError
from gridhedge.profile.confidential import find_confidential, names_confidential
from gridhedge.profile.document import Node, Problem, read_document
from gridhedge.profile.overrides import NOTHING_SAID, Overrides
from gridhedge.profile.sentences import problems_of
from gridhedge.profile.settings import Profile

__all__ = ["consent_problem", "load_profile"]


def load_profile(path: Path, *, live: bool = False, said: Overrides = NOTHING_SAID) -> Profile:
    """The profile in ``path``. ``live`` is the command line's ``--live``, ``said`` what it puts in place of the file's.

    Names of data files in it are seen from the profile's own folder. Raises UsageError with one line
    ``file:line: field: what is wrong; what to do`` for each mistake (``--option value: …`` for the command line's).
    """
    document = read_document(path)
    root = said.into(document.root)
    if not isinstance(root.value, dict):
        what = "is empty" if root.value is None else "is not a group of settings (lines of key: value)"
        raise UsageError(f"{path}: {what}; begin with account: and venue:, or copy configs/demo.yaml")
    confidential = tuple(find_confidential(root))
    found = list(document.problems)
    profile: Profile | None = None
    try:
        profile = Profile.model_validate(root.plain(), context={"folder": path.parent})
        found.extend(consent_problem(profile, root, live))
    except ValidationError as error:
        found.extend(problems_of(error, root, Profile))
    hidden = {problem.where for problem in confidential}
    found = [problem for problem in found if problem.where not in hidden and not names_confidential(problem.where)]
    found.extend(confidential)
    if profile is None or found:
        raise UsageError(_lines(path, found, said))
    return profile


def consent_problem(profile: Profile, root: Node, live: bool) -> list[Problem]:
    """Real money is said twice on purpose: by ``demo_trading: false`` and by ``live: true`` or ``--live``."""
    if not profile.venue.real_money or profile.live or live:
        return []
    venue = root.value["venue"] if isinstance(root.value, dict) else root
    line = venue.value["demo_trading"].line if isinstance(venue.value, dict) else venue.line
    text = "false means real money; if you mean it, say it a second time with live: true in this file or --live"
    return [Problem(line, "venue.demo_trading", text)]


def _lines(path: Path, problems: Iterable[Problem], said: Overrides) -> str:
    ordered = sorted(set(problems), key=lambda problem: (problem.line, problem.where))
    lines = (f"{said.place(path, line, where)}: {text}" for line, where, text in ordered)
    return "\n".join(dict.fromkeys(lines))
