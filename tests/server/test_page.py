"""The page, looked at in a real browser: closed without the key, live with it, usable by keyboard and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.patience import until
from tests.server.browser import Browser, executable
from tests.server.conftest import opening
from tests.server.platform import ADMIN_KEY, Platform, registration

HOSTILE = "<img src=x onerror=alert(1)>"
CONTRAST = """
(() => {
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const worst = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.getClientRects().length) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) worst.push(`${node.tagName} ${node.textContent.slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return worst;
})()
"""
NAMELESS = """
[...document.querySelectorAll("button, input, table, svg, section, ol, [role=region]")].filter((node) =>
  node.getClientRects().length && !(node.textContent.trim() || node.labels?.length || node.getAttribute("aria-label")
  || node.getAttribute("aria-labelledby"))).map((node) => node.outerHTML.slice(0, 80))
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """anna and bert trade on paper; carla can not, and says so in a text that would like to be markup."""
    with opening(tmp_path_factory.mktemp("page") / "data") as opened:
        platform = opened(endpoints={"bybit": "http://127.0.0.1:1"})
        for user in ("anna", "bert"):
            platform.ask("POST", "/users", registration(user))
            platform.ask("POST", f"/users/{user}/start")
        platform.ask("POST", "/users", registration("carla", "bybit"))
        platform.ask("POST", "/users/carla/start")
        yield platform


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    program = executable()
    if program is None:
        pytest.skip("no Chromium on this machine; install one to look at the page")
    with Browser(program, tmp_path / "browser") as opened:
        yield opened


def entered(browser: Browser, platform: Platform, width: int = 1280, height: int = 900) -> None:
    """The page with the key given by keyboard."""
    browser.open(f"http://localhost:{platform.port}/", width, height)
    browser.type(ADMIN_KEY)
    browser.press("Enter", 13)
    until(lambda: bool(browser.look("!document.getElementById('session').hidden")))


def text(browser: Browser, id: str) -> str:
    return str(browser.look(f"document.getElementById('{id}').innerText"))


def test_without_the_key_nothing_is_shown(browser: Browser, served: Platform) -> None:
    """A wrong one is refused, told, and not kept."""
    browser.open(f"http://localhost:{served.port}/", 1280, 900)
    assert browser.look("document.activeElement.id") == "key"
    browser.type("a wrong key")
    browser.press("Enter", 13)
    until(lambda: "not this server's" in text(browser, "door-text"))
    assert browser.look("[document.getElementById('sessions').hidden, sessionStorage.length]") == [True, 0]
    assert "anna" not in str(browser.look("document.body.innerText"))


def test_sessions_ladders_and_events_are_shown_and_stay_live(browser: Browser, served: Platform) -> None:
    """Without a reload: a user who registers appears, and prices move. The browser has no complaint."""
    entered(browser, served)
    rows = text(browser, "rows")
    assert all(word in rows for word in ("anna", "bert", "carla", "running", "retrying", "paper demo"))
    assert "DOGEUSDT long level 0" in text(browser, "events")
    assert "filled" in text(browser, "ladders")
    assert "3 sessions, 2 running" in text(browser, "summary")
    served.ask("POST", "/users", registration("dora"))
    until(lambda: "dora" in text(browser, "rows"))
    served.ask("DELETE", "/users/dora")
    until(lambda: "dora" not in text(browser, "rows"))
    assert browser.errors == []


def test_a_session_is_chosen_by_keyboard_and_keeps_the_focus(browser: Browser, served: Platform) -> None:
    """Tab, Enter; the place is kept while figures change."""
    entered(browser, served)
    browser.look("document.querySelector('[data-user=bert]').focus()")
    browser.press("Enter", 13)
    until(lambda: text(browser, "session-title").startswith("bert"))
    before = text(browser, "session-title")
    until(lambda: text(browser, "session-title") != before)  # the price has moved
    assert browser.look("document.activeElement.dataset.user") == "bert"
    assert browser.look("document.querySelector('[data-user=bert]').getAttribute('aria-pressed')") == "true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(browser: Browser, served: Platform, scheme: str) -> None:
    """Contrast of at least 4.5 to 1 for every text, in light and dark; every control and region has a name; headings
    go down one by one."""
    browser.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    entered(browser, served)
    assert browser.look(CONTRAST) == []
    assert browser.look(NAMELESS) == []
    levels = browser.look("[...document.querySelectorAll('h1,h2,h3')].map((node) => Number(node.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert browser.look("document.documentElement.lang") == "en"


def test_a_phone_shows_it_without_moving_sideways(browser: Browser, served: Platform) -> None:
    """390 wide: nothing sticks out, and what is pressed is large enough for a thumb."""
    entered(browser, served, 390, 844)
    assert browser.look("[document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    small: list[Any] = browser.look(
        "[...document.querySelectorAll('button')].filter((node) => node.getClientRects().length)"
        ".map((node) => node.getBoundingClientRect().height).filter((height) => height < 36)"
    )
    assert small == []
    shown = "getComputedStyle(document.querySelector('#rows td[data-label=Equity]'), '::before').content"
    assert "Equity" in str(browser.look(shown))


def test_text_from_outside_stays_text(browser: Browser, served: Platform) -> None:
    """Whatever an exchange or a user says."""
    entered(browser, served)
    browser.look(f"refresh(at('events'), [make('li', {HOSTILE!r})])")
    assert browser.look("document.querySelectorAll('main img').length") == 0
    assert HOSTILE in text(browser, "events")


def test_leaving_forgets_the_key(browser: Browser, served: Platform) -> None:
    """The tab knows nothing afterwards, and asks again."""
    entered(browser, served)
    browser.look("document.getElementById('leave').click()")
    assert browser.look("[sessionStorage.length, document.getElementById('sessions').hidden]") == [0, True]
    assert browser.look("document.activeElement.id") == "key"


def pretended(browser: Browser, script: str) -> None:
    """The page shows what ``script`` makes of the server's rows and picture."""
    browser.look(
        "window.asked ??= ask; window.ask = async (path) => { const found = await asked(path); "
        f"{script}; return found; }}; show()"
    )


def test_a_session_that_hangs_does_not_look_well(browser: Browser, served: Platform) -> None:
    """It calls itself running, but has not ticked for twelve minutes: said in the row and in the sum."""
    entered(browser, served)
    assert "silent" not in text(browser, "rows")
    pretended(
        browser,
        "if (found.sessions) found.sessions[0].secondsSinceTick = 720",
    )
    until(lambda: "running, silent for 12 min" in text(browser, "rows"))
    assert "1 silent" in text(browser, "summary")


def test_a_server_that_is_gone_is_told_and_waited_for(browser: Browser, served: Platform) -> None:
    """What was shown stays, marked as old; when the server is back all is live again, without a reload."""
    entered(browser, served)
    assert "live" in text(browser, "fresh")
    pretended(browser, "if (!window.back) throw new Error('away')")
    until(lambda: "does not answer; what is shown is old" in text(browser, "summary"))
    assert browser.look("document.getElementById('fresh').hidden") is True
    assert "anna" in text(browser, "rows")
    browser.look("window.back = true")
    until(lambda: "live" in text(browser, "fresh"))


def test_nobody_registered_is_said(browser: Browser, served: Platform) -> None:
    """An empty table says what would fill it."""
    entered(browser, served)
    pretended(browser, "found.sessions = []")
    until(lambda: "POST /api/v1/users" in text(browser, "nobody"))
    assert browser.look("document.getElementById('session').hidden") is True


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_long_names_and_numbers_stay_inside(browser: Browser, served: Platform, width: int) -> None:
    """The longest id, a hundred billion and ten decimal places: the page does not move sideways at any width."""
    entered(browser, served, width, 800)
    pretended(
        browser,
        "for (const row of found.sessions ?? [found]) Object.assign(row, {error: 'x'.repeat(300), "
        "tickSize: 1e-10, currentPrice: 1.2e-7, totalPnL: 98765432109.87, unrealizedPnL: -98765432109.87, "
        "symbol: '1000000BABYDOGEUSDT'}); if (found.price) found.price = 1.2e-7",
    )
    until(lambda: "98,765,432,109.87" in text(browser, "rows"))
    until(lambda: "BABYDOGE" in text(browser, "session-title"))
    assert browser.look("document.documentElement.scrollWidth <= innerWidth && innerWidth") == width
