"""What the tests of the scripts share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripts.bots import Yard


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    """Two bots on the embedded exchange, none of which runs yet."""
    place = Yard(tmp_path)
    yield place
    place.close()
