"""The page: self-contained, and texts from outside stay texts."""

import re

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.report import page as page_module
from gridhedge.report.page import Panel, chart, figure_list, hover_text, line, page, table
from tests.report.pages import figure_of


def test_the_page_forbids_itself_the_network() -> None:
    """The policy allows inline scripts and styles only, and no tag refers to another file."""
    html = page("Report", [chart([Panel("equity", 200, [line("a", [0, 1], [1.0, 2.0], "#123456")])])])
    assert "default-src 'none'" in html
    assert not re.search(r'<(?:script|link|img)[^>]*(?:src|href)="(?!data:)', html)
    assert "Plotly.newPlot" in html
    assert "prefers-color-scheme: dark" in html


def test_texts_from_outside_are_escaped() -> None:
    """Titles, names, cells and hover texts."""
    evil = '<script>alert("x")</script>'
    html = (
        figure_list([(evil, evil)])
        + table(evil, [evil], [[evil]])
        + chart([Panel(evil, 100, [line(evil, [0], [1.0], "")])])
    )
    assert "<script>alert" not in html
    assert hover_text("<a href=x>") == "&lt;a href=x&gt;"
    assert page(evil, []).count("<title>&lt;script&gt;") == 1


def test_panels_share_one_time_axis() -> None:
    """One time axis, one axis of values each, and no overlap."""
    figure = figure_of(chart([Panel(name, 100, [line(name, [0], [1.0], "")]) for name in ("price", "equity")]))
    layout, data = figure["layout"], figure["data"]
    assert layout["xaxis2"]["matches"] == "x"
    assert [trace["yaxis"] for trace in data] == ["y", "y2"]
    assert layout["yaxis2"]["domain"][0] == 0
    assert layout["yaxis2"]["domain"][1] < layout["yaxis"]["domain"][0]
    assert layout["yaxis"]["domain"][1] == 1


def test_without_plotly_the_user_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence that says what to install."""

    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(page_module, "files", missing)
    page_module._plotly.cache_clear()
    with pytest.raises(UsageError, match=r"pip install 'gridhedge\[replay\]'"):
        page("x", [])
