"""The state file."""

from __future__ import annotations

import json
import os
import stat
import threading
from decimal import Decimal

import pytest
from hypothesis import given

from gridhedge.domain.errors import DiskFailure
from gridhedge.store import state as state_module
from gridhedge.store.state import CycleFacts, PositionRow, StateFile, SymbolState, read_state, write_state
from tests.patience import PATIENCE_S

AT = 1760633994480

DOGE = SymbolState(
    "DOGEUSDT",
    AT,
    (
        PositionRow(Decimal(376), Decimal("0.19933"), 0, "gh-1", AT - 2000, AT - 1000),
        PositionRow(Decimal(752), Decimal("0.19733"), 1, "gh-2", AT - 500),
    ),
    (),
    "24e13574-792b-4c8b-9d75-c43438c8a5be",
    None,
    (Decimal(376), Decimal(752)),
    CycleFacts(1760633994, 1),
    None,
)


def test_the_file_has_the_form_that_traders_know(tmp_path):
    """Lists per side, executed only where executed, numbers as numbers with all their digits, times with offset."""
    write_state(tmp_path / "bot_state.json", [DOGE])
    assert (
        (tmp_path / "bot_state.json").read_text()
        == """\
{
  "DOGEUSDT": {
    "timestamp": "2025-10-16T16:59:54.480+00:00",
    "long_positions": [
      {
        "quantity": 376,
        "entry_price": 0.19933,
        "grid_level": 0,
        "order_id": "gh-1",
        "created": "2025-10-16T16:59:52.480+00:00",
        "executed": "2025-10-16T16:59:53.480+00:00"
      },
      {
        "quantity": 752,
        "entry_price": 0.19733,
        "grid_level": 1,
        "order_id": "gh-2",
        "created": "2025-10-16T16:59:53.980+00:00"
      }
    ],
    "short_positions": [],
    "long_tp_order_id": "24e13574-792b-4c8b-9d75-c43438c8a5be",
    "short_tp_order_id": null,
    "reference_quantities": [
      376,
      752
    ],
    "long_cycle": {
      "cycle": 1760633994,
      "now_levels": 1
    },
    "short_cycle": null
  }
}
"""
    )
    assert stat.S_IMODE((tmp_path / "bot_state.json").stat().st_mode) == 0o600


def test_no_digit_is_lost_to_a_float(tmp_path):
    """Twenty digits come back as they went; a float keeps seventeen."""
    exact = DOGE._replace(reference_quantities=(Decimal("0.12345678901234567890"), Decimal("1E+3")))
    write_state(tmp_path / "s.json", [exact])
    assert "0.12345678901234567890,\n      1000\n" in (tmp_path / "s.json").read_text()
    states, _ = read_state(tmp_path / "s.json")
    assert str(states["DOGEUSDT"].reference_quantities[0]) == "0.12345678901234567890"


def test_every_state_comes_back(tmp_path, values_of):
    """read(write(state)) == state, whatever the texts and numbers."""
    path = tmp_path / "s.json"

    @given(values_of(SymbolState))
    def law(state):
        write_state(path, [state])
        assert read_state(path) == ({state.symbol: state}, None)

    law()


def test_the_seeds_own_file_can_be_read(tmp_path):
    """Other time zones, numbers like 376.0, and no keys of ours."""
    (tmp_path / "s.json").write_text(
        '{"X": {"timestamp": "2025-10-16T19:59:54.480795+03:00", "long_positions": [{"quantity": 376.0, '
        '"entry_price": 0.19933, "grid_level": 0, "order_id": "a", "created": "2025-10-16T19:59:54.480+03:00"}], '
        '"short_positions": [], "long_tp_order_id": "b", "short_tp_order_id": null}}'
    )
    states, damaged = read_state(tmp_path / "s.json")
    assert damaged is None
    assert states["X"] == SymbolState(
        "X", AT, (PositionRow(Decimal(376), Decimal("0.19933"), 0, "a", AT),), (), "b", None
    )


def test_without_a_file_there_is_no_state_and_no_damage(tmp_path):
    """The first start."""
    assert read_state(tmp_path / "bot_state.json") == ({}, None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"X": 5}',
        b'{"X": {}}',
        json.dumps({"X": {"timestamp": "yesterday"}}).encode(),
        b'{"X": {"timestamp": "2025-10-16T16:59:54+00:00", "long_positions": [{"quantity": NaN}]}}',
    ],
)
def test_a_damaged_file_is_kept_aside_and_reported(tmp_path, content):
    """Nothing is guessed from it, nothing of it is lost."""
    (tmp_path / "bot_state.json").write_bytes(content)
    states, damaged = read_state(tmp_path / "bot_state.json")
    assert states == {}
    assert "kept as bot_state.damaged-1.json" in damaged
    assert (tmp_path / "bot_state.damaged-1.json").read_bytes() == content
    assert os.listdir(tmp_path) == ["bot_state.damaged-1.json"]


def test_a_file_cut_anywhere_is_damaged_and_never_half_read(tmp_path):
    """Each of the first positions of a cut: kept aside, no state (the atomic write makes it rare, not impossible)."""
    write_state(tmp_path / "whole.json", [DOGE])
    whole = (tmp_path / "whole.json").read_bytes()
    for cut in range(len(whole) - 2):
        path = tmp_path / "cut.json"
        path.write_bytes(whole[:cut])
        states, damaged = read_state(path)
        assert (states, damaged is None) == ({}, False), cut
        (tmp_path / "cut.damaged-1.json").unlink()


# ---- written by a thread of its own ----------------------------------------------------------------------------------


def gone(thread):
    thread.join(PATIENCE_S)
    return not thread.is_alive()


def test_the_newest_state_is_on_disk_after_a_flush(tmp_path):
    """However many came before it; a flush of nothing returns at once, and closing ends the thread."""
    file = StateFile(tmp_path / "bot_state.json")
    file.flush()
    for number in range(200):
        file.offer([DOGE._replace(timestamp=AT + number)])
    file.flush()
    states, damage = read_state(tmp_path / "bot_state.json")
    assert (states["DOGEUSDT"].timestamp, damage) == (AT + 199, None)
    file.offer([DOGE])
    file.close()
    assert read_state(tmp_path / "bot_state.json")[0] == {"DOGEUSDT": DOGE}
    file.offer([DOGE._replace(timestamp=AT + 1)])
    file.close()
    assert read_state(tmp_path / "bot_state.json")[0]["DOGEUSDT"].timestamp == AT + 1
    assert all(
        thread.name != f"state {tmp_path / 'bot_state.json'}" or gone(thread) for thread in threading.enumerate()
    )


def test_whoever_offers_a_state_does_not_wait_for_the_disk(tmp_path, monkeypatch):
    """Of three that come while the first is being written, the last is written and the others never."""
    begun, hangs, written = threading.Event(), threading.Event(), []

    def slow(path, states):
        begun.set()
        hangs.wait(PATIENCE_S)
        written.append(states[0].timestamp)

    monkeypatch.setattr(state_module, "write_state", slow)
    file = StateFile(tmp_path / "bot_state.json")
    file.offer([DOGE._replace(timestamp=0)])
    assert begun.wait(PATIENCE_S)
    for number in (1, 2, 3):
        file.offer([DOGE._replace(timestamp=number)])
    assert written == []
    hangs.set()
    file.flush()
    assert written == [0, 3]


def test_a_state_that_could_not_be_written_is_an_error_at_the_next_word(tmp_path):
    """At the next offer or flush, whichever comes first; nothing is written after it."""
    file = StateFile(tmp_path / "gone" / "bot_state.json")
    file.offer([DOGE])
    with pytest.raises(DiskFailure, match="gone"):
        file.flush()
    with pytest.raises(DiskFailure, match="gone"):
        file.offer([DOGE])
