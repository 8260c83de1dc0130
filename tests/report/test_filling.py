"""Text in lines of so many cells."""

from __future__ import annotations

import pytest

from opencode_tui.report.filling import filled
from opencode_tui.report.words import text_cells


@pytest.mark.parametrize("width", [12, 32, 80])
@pytest.mark.parametrize("text", ["a few words of text " * 5, "x" * 100, "设计" * 40, ""])
def test_no_line_is_longer_than_the_width_and_nothing_is_lost(text: str, width: int) -> None:
    lines = list(filled(text, width, 2))
    assert all(text_cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_without_a_width_it_is_one_line() -> None:
    assert list(filled("a b " * 50, None, 2)) == ["  " + ("a b " * 50).rstrip()]
