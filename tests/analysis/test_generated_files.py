"""Which paths name generated files, and the line of an ignore file for them."""

from __future__ import annotations

import pytest

from opencode_tui.analysis.generated_files import ignore_line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("node_modules/react/index.js", "node_modules/"),
        ("packages/ui/dist/app.js", "dist/"),
        ("build/main.o", "/build/"),
        ("src/build/plan.py", ""),
        ("package-lock.json", "package-lock.json"),
        ("web/app.min.js", "*.min.js"),
        ("web/app.js.map", "*.js.map"),
        ("src/app.js", ""),
        ("dist", ""),
        ("distribution/a.py", ""),
        ("", ""),
    ],
)
def test_the_line_for_a_path(path: str, line: str) -> None:
    assert ignore_line(path) == line
