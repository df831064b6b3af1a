"""The screen as a file."""

from gridhedge.dashboard.picture import export_svg, export_text
from tests.dashboard.statuses import deep, depth_three_against_one, live_money


def test_the_text_has_the_lines_of_the_screen() -> None:
    """24 lines at most, 80 wide at most, no colours."""
    lines = export_text([deep()], 80, 24).rstrip("\n").split("\n")
    assert len(lines) == 24
    assert max(map(len, lines)) == 80
    assert "\x1b" not in "".join(lines)


def test_the_svg_is_self_contained() -> None:
    """A picture for the README that loads nothing from elsewhere."""
    svg = export_svg(depth_three_against_one(), 100, 30)
    assert svg.startswith("<svg")
    assert svg.rstrip().endswith("</svg>")
    assert "DOGEUSDT" in svg
    assert svg.count("http") == svg.count('xmlns="http://www.w3.org/2000/svg"') + svg.count(
        "<!-- Generated with Rich http"
    )


def test_the_same_status_gives_the_same_svg() -> None:
    """So the README's picture changes only when the screen does."""
    assert export_svg(live_money(), 80, 24) == export_svg(live_money(), 80, 24)
