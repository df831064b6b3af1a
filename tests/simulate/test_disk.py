"""What was synced survives; everything else is lost, torn, or noticed (I-26)."""

from __future__ import annotations

import pytest

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.events import CancelIntended, Event
from gridhedge.simulate.chaos import Chaos
from gridhedge.simulate.dice import Dice
from gridhedge.simulate.disk import CUTS, Disk, Journal

CALM = Chaos(0, calm=True)


def event(number: int) -> Event:
    return CancelIntended(f"order {number}", "DOGEUSDT", number)


def opened(disk: Disk) -> Journal:
    return Journal(disk, CALM, lambda place: None)


def written(disk: Disk, *numbers: int) -> Journal:
    journal = opened(disk)
    for number in numbers:
        journal.append(event(number))
    return journal


def test_synced_events_are_read_back_in_order() -> None:
    """By the next process, which goes on where the first one ended."""
    disk = Disk()
    written(disk, 1, 2).sync()
    assert disk.read() == [event(1), event(2)]
    written(disk, 3).sync()
    assert disk.read() == [event(1), event(2), event(3)]


def test_a_death_loses_what_was_not_synced() -> None:
    """Two of three events."""
    disk = Disk()
    journal = written(disk, 1)
    journal.sync()
    journal.append(event(2))
    journal.append(event(3))
    assert journal.die(Dice(1, "death"), None)
    assert disk.read() == [event(1)]


@pytest.mark.parametrize("cut", range(CUTS))
def test_a_torn_sync_counts_as_a_whole_or_not_at_all(cut: int) -> None:
    """Whatever part of it reached the disk: what was never promised is never believed."""
    disk = Disk()
    journal = written(disk, 1)
    journal.sync()
    for number in (2, 3, 4):
        journal.append(event(number))
    journal.die(Dice(cut, "death"), cut)
    assert disk.is_torn
    assert disk.read() == [event(1)]
    written(disk, 5).sync()
    assert disk.read() == [event(1), event(5)]


def test_a_flipped_character_is_noticed_and_the_journal_set_aside() -> None:
    """I-26: one character of one record; the next journal begins empty."""
    disk = Disk()
    written(disk, 1, 2, 3).sync()
    assert disk.read() is not None
    disk.flip(Dice(3, "flip"))
    assert disk.read() is None
    assert disk.read() == []


def test_an_older_backup_is_a_shorter_journal() -> None:
    """Cut back into the middle of a sync, that sync is gone as a whole."""
    disk = Disk()
    written(disk, 1).sync()
    written(disk, 2, 3).sync()
    disk.cut_back(2)
    assert disk.read() == [event(1)]


def test_the_first_failure_is_final() -> None:
    """A full disk that has room again is not trusted by the same process; the next one begins with what was synced."""
    disk = Disk()
    seed = next(seed for seed in range(1000) if "F-72" in Chaos(seed)._rates and "F-73" not in Chaos(seed)._rates)
    journal = Journal(disk, Chaos(seed), lambda place: None)

    def fill() -> None:
        for number in range(10_000):
            journal.append(event(number))
            journal.sync()

    with pytest.raises(DiskFailure, match="no space left"):
        fill()
    kept = len(disk.records)
    with pytest.raises(DiskFailure, match="nothing is written any more"):
        journal.append(event(0))
    assert disk.read() == [event(number) for number in range(kept)]


def test_the_digest_speaks_of_everything_ever_synced() -> None:
    """Equal for equal events; a journal set aside still counts."""
    disks = Disk(), Disk(), Disk()
    written(disks[0], 1, 2).sync()
    written(disks[1], 1, 2).sync()
    written(disks[2], 1, 3).sync()
    assert disks[0].digest == disks[1].digest != disks[2].digest
    disks[0].cut_back(0)
    assert disks[0].digest == disks[1].digest
