"""Bots that scripts start and stop: a folder of profiles and one of data, and the environment that cron gives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from gridhedge.store.lock import holder
from tests.cli.shell import ROOT, Done, write_profile

SCRIPTS = ROOT / "scripts"


class Yard:
    """A place in which bots named ``btc`` and ``eth`` can be started; ``close`` leaves no process behind."""

    def __init__(self, folder: Path) -> None:
        self.configs, self.data = folder / "configs", folder / "data"
        self.configs.mkdir()
        self.program = folder / "gridhedge"
        self.program.write_text(f'#!/bin/sh\nexec {sys.executable} -m gridhedge "$@"\n')
        self.program.chmod(0o700)
        self._seen: set[int] = set()
        for name in ("btc", "eth"):
            write_profile(self.configs / f"{name}.yaml", account=name)

    def script(self, name: str, *arguments: str, **more: str) -> Done:
        """A script as cron runs it: nothing in the environment but what is given here, no terminal, another folder."""
        done = subprocess.run(
            self.command(name, *arguments, **more),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        self._seen |= {pid for pid in (self.process(bot) for bot in ("btc", "eth")) if pid is not None}
        return Done(done.returncode, done.stdout, done.stderr)

    def command(self, name: str, *arguments: str, **more: str) -> list[str]:
        """The command line of a script under ``env -i``."""
        given = {
            "GRIDHEDGE": str(self.program),
            "GRIDHEDGE_CONFIGS": str(self.configs),
            "GRIDHEDGE_DATA_DIR": str(self.data),
            "GRIDHEDGE_BOTS": "btc eth",
            "GRIDHEDGE_START_SECONDS": "120",
            **more,
        }
        settings = (f"{key}={value}" for key, value in given.items())
        return ["env", "-i", *settings, str(SCRIPTS / f"{name}.sh"), *arguments]

    def spoil(self, name: str, line: str) -> None:
        """Append a line to a bot's profile."""
        with (self.configs / f"{name}.yaml").open("a") as profile:
            profile.write(line + "\n")

    def process(self, account: str) -> int | None:
        return holder(self.data / account / "run.lock")

    def kill(self, account: str) -> None:
        """As a power cut does it; returns when the account is free."""
        pid = self.process(account)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while self.process(account) is not None:
            time.sleep(0.01)

    def status(self, account: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / account / "status.json").read_text())
        return found

    def close(self) -> None:
        """Kill what still trades, and nothing else."""
        for account in ("btc", "eth"):
            pid = self.process(account)
            if pid is not None and pid in self._seen:
                os.kill(pid, signal.SIGKILL)
