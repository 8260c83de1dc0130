"""Insights of one title are told apart."""

from __future__ import annotations

from opencode_tui.analysis.insight_titles import with_distinct_titles
from opencode_tui.records.insights import Insight

EDITED = "index.ts edited in 4 turns"


def titles(*of: tuple[str, str]) -> list[str]:
    """The titles of insights with these titles and keys."""
    amounts = (), 1, 0, "context", "measured", 1, 0, 0
    made = [Insight("rule", key, title, "what", "how", "sum", *amounts) for title, key in of]  # type: ignore[arg-type]
    return [each.title for each in with_distinct_titles(made)]


def test_two_files_of_one_name_have_their_folders() -> None:
    found = titles((EDITED, "/home/dev/src/a/index.ts"), ("other", "x"), (EDITED, "/home/dev/src/b/index.ts"))
    assert found == [f"{EDITED} (a)", "other", f"{EDITED} (b)"]
    assert titles((EDITED, "/shop/a/index.ts"), (EDITED, "/api/a/index.ts")) == [
        f"{EDITED} (shop/a)",
        f"{EDITED} (api/a)",
    ]


def test_a_file_without_a_folder_needs_none() -> None:
    assert titles((EDITED, "index.ts"), (EDITED, "src/index.ts")) == [EDITED, f"{EDITED} (src)"]


def test_keys_without_folders_are_named_whole() -> None:
    assert titles(("3 small edits", "opus kimi"), ("3 small edits", "opus glm")) == [
        "3 small edits (opus kimi)",
        "3 small edits (opus glm)",
    ]


def test_titles_that_differ_stay_as_they_are() -> None:
    assert titles((EDITED, "/a/index.ts"), ("index.ts read 4 times", "/a/index.ts")) == [
        EDITED,
        "index.ts read 4 times",
    ]
