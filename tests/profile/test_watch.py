"""The file of a profile, read again when it has changed and is at rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

from gridhedge.domain.errors import UsageError
from gridhedge.profile.load import load_profile
from gridhedge.profile.settings import Profile
from gridhedge.profile.watch import News, ProfileWatch
from tests.cli.shell import replace_text, write_profile
from tests.patience import until

LOOK = 0.02


@contextmanager
def watching(path: Path) -> Iterator[ProfileWatch]:
    watch = ProfileWatch(path, lambda: load_profile(path), LOOK)
    try:
        yield watch
    finally:
        watch.close()


def next_news(watch: ProfileWatch) -> News:
    """Waits as long as it takes."""
    news = until(watch.news)
    assert news is not None
    return news


def test_the_first_news_is_the_file_as_found_and_nothing_follows_until_it_changes(tmp_path: Path) -> None:
    """An edit between start and first look is not lost."""
    path = write_profile(tmp_path / "p.yaml")
    with watching(path) as watch:
        assert next_news(watch) == load_profile(path)
        sleep(5 * LOOK)  # however long this is, there is nothing to tell
        assert watch.news() is None
        write_profile(path, threshold="70")
        news = next_news(watch)
    assert isinstance(news, Profile)
    assert news.risk.mm_rate_threshold == 70


def test_a_mistake_a_missing_file_and_a_replaced_one_are_news(tmp_path: Path) -> None:
    """Each with its sentence; an editor that renames a new file into place is seen, too."""
    path = write_profile(tmp_path / "p.yaml")
    with watching(path) as watch:
        next_news(watch)
        replace_text(path, "account: [")
        broken = next_news(watch)
        path.unlink()
        gone = next_news(watch)
        write_profile(tmp_path / "new.yaml").replace(path)
        back = next_news(watch)
    assert isinstance(broken, UsageError)
    assert "not valid YAML" in str(broken)
    assert isinstance(gone, UsageError)
    assert "no such file" in str(gone)
    assert back == load_profile(path)


def test_a_failure_of_the_reader_is_a_sentence_and_no_end(tmp_path: Path) -> None:
    """Whatever goes wrong in there, the trading goes on, and the next edit is read."""
    path = write_profile(tmp_path / "p.yaml")
    failures = [RuntimeError("odd")]

    def read() -> Profile:
        if failures:
            raise failures.pop()
        return load_profile(path)

    watch = ProfileWatch(path, read, LOOK)
    try:
        news = next_news(watch)
        write_profile(path, threshold="70")
        after = next_news(watch)
    finally:
        watch.close()
    assert str(news) == f"{path}: can not be read (RuntimeError: odd)"
    assert isinstance(after, Profile)
