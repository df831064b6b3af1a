"""One HTML file that needs nothing else: charts (plotly), tables, light and dark, no network.

Figures are plain dictionaries in plotly's own format, so the charts cost no import of plotly's Python classes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, NamedTuple, TypeAlias

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Side

Trace: TypeAlias = dict[str, Any]

# Readable on white and on near-black alike; side colours also differ for red-green blindness.
SIDE_COLOURS = {Side.LONG: "#159a5c", Side.SHORT: "#c04fb0"}
PRICE_COLOUR = "#7d8fa3"
EQUITY_COLOUR = "#3b82f6"
LOSS_COLOUR = "#d9483b"
_GRID = "rgba(128,128,128,0.22)"

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --paper: #ffffff; --line: #d8dee6; --quiet: #5b6b7c; }
@media (prefers-color-scheme: dark) { :root { --ink: #dfe6ee; --paper: #12171d; --line: #2c3743; --quiet: #93a1b1; } }
body { margin: 0 auto; padding: 1rem 1.5rem 3rem; max-width: 1500px; color: var(--ink); background: var(--paper);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: .3rem 0 .8rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: .1rem 2rem; margin: 0; }
.figures div { display: flex; justify-content: space-between; gap: 1rem; border-bottom: 1px solid var(--line);
  padding: .2rem 0; }
.figures dt { color: var(--quiet); white-space: nowrap; }
.figures dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--quiet); font-weight: 500; } th:first-child, td:first-child { text-align: left; }
.chart { width: 100%; } .note { color: var(--quiet); margin: .2rem 0; }
"""

_SCRIPT = """
(function () {
  var ink = function () { return getComputedStyle(document.body).color; };
  document.querySelectorAll(".chart").forEach(function (place) {
    var figure = JSON.parse(place.querySelector("script").textContent);
    figure.layout.font = { color: ink(), family: "system-ui, sans-serif" };
    Plotly.newPlot(place, figure.data, figure.layout,
      { responsive: true, displaylogo: false, scrollZoom: true, modeBarButtonsToRemove: ["select2d", "lasso2d"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () {
      Plotly.relayout(place, { "font.color": ink() });
    });
  });
})();
"""


class Panel(NamedTuple):
    """One chart among those that share a time axis, stacked from top to bottom."""

    title: str
    height: int
    traces: Sequence[Trace]


def page(title: str, sections: Sequence[str]) -> str:
    """The whole document."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n'
        f"<h1>{escape(title)}</h1>\n" + "\n".join(sections) + f"\n<script>{_plotly()}</script>\n"
        f"<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def figure_list(rows: Sequence[tuple[str, str]]) -> str:
    """Named figures in as many columns as fit."""
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in rows)
    return f'<dl class="figures">{cells}</dl>'


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with its heading; the first column is text, the others are numbers."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<h2>{escape(title)}</h2><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def chart(panels: Sequence[Panel]) -> str:
    """Panels one above the other with one linked time axis, under which zooming and hovering go together."""
    gap, above, below = 46, 112, 30
    total = sum(panel.height for panel in panels) + gap * (len(panels) - 1)
    layout = _layout(total, above, below)
    traces: list[Trace] = []
    top = total
    for number, panel in enumerate(panels, start=1):
        suffix = "" if number == 1 else str(number)
        domain = [max(0.0, (top - panel.height) / total), top / total]
        is_last = number == len(panels)
        layout[f"xaxis{suffix}"] = _time_axis(suffix, "x" if number > 1 else None, is_last)
        layout[f"yaxis{suffix}"] = {"domain": domain, "anchor": f"x{suffix}", "gridcolor": _GRID, "zeroline": False}
        layout["annotations"].append(_heading(panel.title, domain[1]))
        traces += [{**trace, "xaxis": f"x{suffix}", "yaxis": f"y{suffix}"} for trace in panel.traces]
        top -= panel.height + gap
    figure = json.dumps({"data": traces, "layout": layout}, separators=(",", ":"), allow_nan=False)
    # "</script>" inside a text would end the element.
    data = figure.replace("<", "\\u003c")
    style = f"height:{layout['height']}px"
    return f'<div class="chart" style="{style}"><script type="application/json">{data}</script></div>'


def line(name: str, at: Sequence[int], values: Sequence[float | None], colour: str, **more: Any) -> Trace:
    """A line over time; None leaves a gap."""
    style: Mapping[str, Any] = {"color": colour, "width": 1.4, **more.pop("line", {})}
    return {"type": "scatter", "mode": "lines", "name": name, "x": at, "y": values, "line": style, **more}


def hover_text(text: str) -> str:
    """Plotly reads some tags in hover texts; names from outside must stay names."""
    return escape(text, quote=False)


def _layout(inner: int, above: int, below: int) -> dict[str, Any]:
    """``above`` has room for the tool buttons, two lines of legend and the first panel's title."""
    return {
        "height": inner + above + below,
        "margin": {"l": 70, "r": 20, "t": above, "b": below},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "dragmode": "pan",
        "modebar": {"bgcolor": "rgba(0,0,0,0)"},
        "annotations": [],
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1 + 26 / inner, "yanchor": "bottom"},
    }


def _time_axis(suffix: str, matches: str | None, shows_labels: bool) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "type": "date",
        "anchor": f"y{suffix}",
        "gridcolor": _GRID,
        "showticklabels": shows_labels,
        "rangeslider": {"visible": False},
    }
    return axis if matches is None else {**axis, "matches": matches}


def _heading(title: str, y: float) -> dict[str, Any]:
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": y, "xanchor": "left", "yanchor": "bottom"}
    return {"text": f"<b>{hover_text(title)}</b>", "showarrow": False, **place}


@cache
def _plotly() -> str:
    """The charting library that the plotly package carries. Raises UsageError when it is not installed."""
    try:
        return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    except (ImportError, OSError) as error:
        raise UsageError("HTML reports need plotly, which is not here: pip install 'gridhedge[replay]'") from error
