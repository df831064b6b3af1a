"""Reading a page back."""

from __future__ import annotations

import json
import re
from typing import Any


def figure_of(html: str) -> dict[str, Any]:
    """The data and the layout of the page's chart."""
    found = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    figure: dict[str, Any] = json.loads(found[1])
    return figure
