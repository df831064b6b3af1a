"""Errors are named for what the caller must do.

GridhedgeError
├── UsageError         correct the command line, the profile or the data file      exit code 2
├── VenueError
│   ├── Refused        the venue said no; do not retry as it is                    exit code 3
│   ├── NotSent        nothing left this machine; may be sent again                exit code 3
│   ├── Unclear        it may have happened; ask before anything else              exit code 3
│   └── RateLimited    wait until ``until``                                        exit code 3
├── EmergencyStop      a person must look and run ``gridhedge resume``             exit code 4
├── AlreadyRunning     another process trades this account                         exit code 5
├── RiskStop           a risk limit or an invariant stopped the bot                exit code 6
└── DiskFailure        stop sending; orders stay; the disk needs a person          exit code 6
"""

from __future__ import annotations


class GridhedgeError(Exception):
    """An error with one readable sentence for the user."""

    exit_code = 1


class UsageError(GridhedgeError):
    """A wrong command, profile or data file: the sentence names file, line and field, and what to do."""

    exit_code = 2


class VenueError(GridhedgeError):
    exit_code = 3


class Refused(VenueError):
    """The venue answered and said no."""


class NotSent(VenueError):
    """The request never left (connection refused, name not resolved)."""


class Unclear(VenueError):
    """The request left and no readable answer came back: it may have been carried out."""


class RateLimited(VenueError):
    """The venue wants silence until ``until`` (ms)."""

    def __init__(self, text: str, until: int) -> None:
        super().__init__(text)
        self.until = until


class EmergencyStop(GridhedgeError):
    exit_code = 4


class AlreadyRunning(GridhedgeError):
    exit_code = 5


class RiskStop(GridhedgeError):
    exit_code = 6


class DiskFailure(GridhedgeError):
    exit_code = 6
