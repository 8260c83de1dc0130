"""Edits, retries and one-shot turns."""

from __future__ import annotations

import pytest

from opencode_tui.analysis.deeds import deed_of
from opencode_tui.analysis.retries import edits_and_retries, is_one_shot

A, B = "edit src/a.ts", "edit src/b.ts"
CASES = {
    "nothing": ((), 0, 0, None),
    "only reads": (("read src/a.ts", "bash! npm test"), 0, 0, None),
    "one edit": ((A,), 1, 0, True),
    "several edits": ((A, B, A, "bash npm test"), 3, 0, True),
    "edit, test, edit": ((A, "bash npm test", A), 2, 1, False),
    "edit, script that tests, edit": ((A, "bash npm run test", A), 2, 1, False),
    "edit, look, edit": ((A, "bash docker ps", A), 2, 0, True),
    "edit, test in a line, edit": ((A, "bash ls && npm test", A), 2, 1, False),
    "edit, test after a rewrite, edit": ((A, "bash sed -i && npm test", A), 2, 1, False),
    "edit, failing test, edit": ((A, "bash! npm test", A), 2, 1, False),
    "edit, failing command, edit": ((A, "bash! node", A), 2, 1, False),
    "edit, command, edit": ((A, "bash ls", A), 2, 0, True),
    "edit, test, edit of another": ((A, "bash! npm test", B), 2, 0, True),
    "a failing test before": (("bash! npm test", A), 1, 0, True),
    "a failing edit, again": (("edit! src/a.ts", A), 1, 1, False),
    "a failing edit of another": ((A, "edit! src/b.ts", A), 2, 0, True),
    "a failing edit alone": (("edit! src/a.ts",), 0, 0, None),
    "a search that finds nothing": ((A, "bash! grep", A), 2, 0, True),
    "twice around": ((A, "bash! pytest", A, "bash! pytest", A), 3, 2, False),
    "two files, each again": ((A, B, "bash! pytest", A, B), 4, 2, False),
}


@pytest.mark.parametrize("case", CASES)
def test_a_file_edited_again_after_trouble_is_a_retry(case: str) -> None:
    uses, edits, retries, one_shot = CASES[case]
    parts = [use.partition(" ") for use in uses]
    deeds = [deed_of(name.rstrip("!"), target, not name.endswith("!")) for name, _, target in parts]
    assert edits_and_retries(deeds) == (edits, retries)
    assert is_one_shot(edits, retries) is one_shot
