"""A running bot and its profile's file: what is edited takes over as far as it can, and what does not is said."""

from __future__ import annotations

from pathlib import Path

from gridhedge.cli.audience import FileAudience
from gridhedge.domain.errors import UsageError
from gridhedge.engine.reload import take_over
from gridhedge.engine.session import Session
from gridhedge.profile.revision import changes, needing_restart, told
from gridhedge.profile.settings import Profile
from gridhedge.profile.watch import ProfileWatch

__all__ = ["Reload"]

_OLD_STAY = "all settings stay as they were"


class Reload:
    """Between two ticks: takes over what the watch has read, whole or not at all."""

    def __init__(self, path: Path, profile: Profile, watch: ProfileWatch) -> None:
        self._path = path
        self._name = path.name
        self._watch = watch
        self.profile = profile
        """The one that counts now."""

    def look(self, session: Session, audience: FileAudience) -> None:
        """Take over an edited profile, or tell once why not; the dashboard shows it until the file is right."""
        news = self._watch.news()
        if isinstance(news, UsageError):
            self._refuse(session, audience, str(news).replace(str(self._path), self._name))
        elif news is not None:
            self._follow(session, audience, news)

    def close(self) -> None:
        self._watch.close()

    def _follow(self, session: Session, audience: FileAudience, profile: Profile) -> None:
        found = changes(self.profile, profile)
        if fixed := needing_restart(found):
            names = ", ".join(change.where for change in fixed)  # no values: an address may hold a secret
            self._refuse(session, audience, f"{self._name}: {names}: a change of this needs a restart of the bot")
        else:
            if found:
                waits = take_over(session, profile)
                self.profile = profile
                audience.noted(f"{self._name} is read again: {'; '.join([*map(told, found), *waits])}")
            elif session.profile_trouble:
                audience.noted(f"{self._name} says again what counts")
            session.profile_trouble = ""

    def _refuse(self, session: Session, audience: FileAudience, text: str) -> None:
        first, *more = text.splitlines()
        others = f" (and {len(more)} more mistakes)" if len(more) > 1 else " (and one more mistake)" if more else ""
        shown = f"{first}{others}; {_OLD_STAY}"
        if shown == session.profile_trouble:
            return
        session.profile_trouble = shown
        for line in (shown, *more):
            audience.said("error", line)
