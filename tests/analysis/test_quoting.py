"""Titles within sentences."""

from __future__ import annotations

from opencode_tui.analysis.quoting import in_quotes


def test_quotation_marks_of_a_title_are_not_taken_for_its_end() -> None:
    assert in_quotes("Fix header") == '"Fix header"'
    assert in_quotes('Say "hello" and "bye"') == "\"Say 'hello' and 'bye'\""
