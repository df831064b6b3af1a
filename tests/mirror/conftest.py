"""A center for a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gridhedge.mirror.link import Link
from tests.mirror.centers import Center


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Center]:
    center = Center(tmp_path)
    yield center
    center.close()


@pytest.fixture
def link(center: Center) -> Iterator[Link]:
    link = center.link()
    yield link
    link.close()
