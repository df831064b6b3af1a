"""The live screen on real pseudo-terminals: it shows, it leaves cleanly, and its failures stay its own."""

import contextlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from gridhedge.dashboard.screen import Screen, terminal_console
from gridhedge.engine.status import AccountStatus
from tests.dashboard.statuses import depth_three_against_one, emergency
from tests.patience import PATIENCE_S, until

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")


class Terminal:
    """A pseudo-terminal of 80x24 whose output is collected."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        self.file = os.fdopen(slave, "w", encoding="utf-8")
        self.console = Console(file=self.file, force_terminal=True, width=80, height=24, color_system="truecolor")
        self.output = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            while chunk := os.read(self.master, 65536):
                self.output += chunk
        except OSError:
            return

    @property
    def text(self) -> str:
        return self.output.decode(errors="replace")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    if not made.file.closed:
        made.file.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The screen's own clock, which stands still until a test moves it: ``seconds``."""
    made = SimpleNamespace(seconds=1000.0, monotonic=lambda: made.seconds)
    monkeypatch.setattr("gridhedge.dashboard.screen.time", made)
    return made


class BrokenPipe(io.StringIO):
    """A terminal that went away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError("gone")


def test_the_latest_status_appears_on_the_alternate_screen(terminal: Terminal) -> None:
    """A later status replaces the earlier one, and the terminal is given back as it was."""
    with Screen(terminal.console, interval_seconds=0.01) as screen:
        screen.show(depth_three_against_one())
        until(lambda: "DOGEUSDT" in terminal.text)
        screen.show(emergency())
        until(lambda: "STOPPED: emergency stop" in terminal.text)
    until(lambda: "\x1b[?1049l" in terminal.text)
    assert terminal.text.index("\x1b[?1049h") < terminal.text.index("DOGEUSDT") < terminal.text.index("\x1b[?1049l")
    assert terminal.text.endswith("\x1b[?25h\x1b[?1049l")


@pytest.mark.usefixtures("clock")
def test_an_unchanged_status_is_not_drawn_again(terminal: Terminal) -> None:
    """Calm: the same frame is sent once."""
    with Screen(terminal.console, interval_seconds=0.001) as screen:
        screen.show(depth_three_against_one())
        until(lambda: "DOGEUSDT" in terminal.text)
        screen.show(depth_three_against_one()._replace(ticks=99_999))
        until(lambda: "99,999" in terminal.text)
    assert terminal.text.count("DOGEUSDT") == 2


def test_a_broken_pipe_turns_the_screen_off(caplog: pytest.LogCaptureFixture) -> None:
    """One line in the log; handing over statuses goes on without effect."""
    screen = Screen(Console(file=BrokenPipe(), force_terminal=True, width=80, height=24), interval_seconds=0.01)
    screen.start()
    until(lambda: not screen.is_on)
    screen.show(emergency())
    screen.stop()
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == ["the screen turned itself off"]


def test_a_closed_terminal_turns_the_screen_off(terminal: Terminal, caplog: pytest.LogCaptureFixture) -> None:
    """The file is gone in the middle of the run."""
    screen = Screen(terminal.console, interval_seconds=0.01)
    screen.start()
    until(lambda: "waiting" in terminal.text)
    terminal.file.close()
    screen.show(emergency())
    until(lambda: not screen.is_on)
    assert "trading goes on" in caplog.text


def test_a_hung_up_terminal_turns_the_screen_off(caplog: pytest.LogCaptureFixture) -> None:
    """The window was closed: the other end of the pseudo-terminal is gone."""
    master, slave = os.openpty()
    file = os.fdopen(slave, "w", encoding="utf-8")
    screen = Screen(Console(file=file, width=80, height=24), interval_seconds=0.01)
    screen.start()
    assert os.read(master, 100)
    os.close(master)
    until(lambda: not screen.is_on)
    assert "the screen turned itself off (OSError" in caplog.text
    with contextlib.suppress(OSError):
        file.close()


def test_an_error_in_drawing_turns_the_screen_off(terminal: Terminal, caplog: pytest.LogCaptureFixture) -> None:
    """A status that can not be drawn gives the terminal back and is logged."""
    broken: AccountStatus = depth_three_against_one()._replace(now="yesterday")
    screen = Screen(terminal.console, interval_seconds=0.01)
    screen.start()
    screen.show(broken)
    until(lambda: not screen.is_on)
    assert "the screen turned itself off (TypeError" in caplog.text
    until(lambda: "\x1b[?1049l" in terminal.text)


def test_a_silent_bot_is_said_on_the_screen(terminal: Terminal, clock: SimpleNamespace) -> None:
    """A status that is a minute old raises an alarm of the screen's own."""
    with Screen(terminal.console, interval_seconds=0.01) as screen:
        screen.show(depth_three_against_one())
        clock.seconds += 61
        until(lambda: "no news from the bot for 1 m" in terminal.text)


def test_a_paused_terminal_does_not_hold_up_the_end() -> None:
    """Nobody reads the terminal (Ctrl-S): the screen's thread waits in its write, the program ends all the same."""
    program = (
        "import sys, time\n"
        "from gridhedge.dashboard.screen import Screen, terminal_console\n"
        "from tests.dashboard.statuses import deep\n"
        "with Screen(terminal_console(), 0.001) as screen:\n"
        "    for number in range(50):\n"
        "        screen.show(deep()._replace(ticks=number))\n"
        "        time.sleep(0.01)\n"
        "sys.exit(7)\n"
    )
    master, slave = os.openpty()
    try:
        ended = subprocess.run(
            [sys.executable, "-c", program], stdin=slave, stdout=slave, cwd=ROOT, timeout=PATIENCE_S, check=False
        )
        assert ended.returncode == 7
    finally:
        os.close(slave)
        os.close(master)


def test_the_console_of_the_screen_has_a_handle_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    """Standard output stays usable, whatever happens to the screen's handle."""
    console = terminal_console()
    console.file.write("from the screen\n")
    console.file.close()
    print("from the program")
    assert capfd.readouterr().out == "from the screen\nfrom the program\n"
