"""Retries: a file edited again after a failing command, after a failing edit of it, or after a run of the tests."""

from __future__ import annotations

from collections.abc import Iterable

from opencode_tui.analysis.deeds import EDITS, Deed


def edits_and_retries(deeds: Iterable[Deed]) -> tuple[int, int]:
    """(edits that succeeded or still run, retries) of a turn's tool uses, in their order.

    OpenCode does not always record how a test run ended, and who edits the same file after one did not get it right
    before: edit, test, edit is a retry whatever the test said.
    """
    edits = retries = 0
    troubled: dict[str, bool] = {}
    for deed in deeds:
        did = deed.did
        if did in EDITS:
            if troubled.get(deed.target):
                retries += 1
            has_failed = deed.ok is False
            edits += not has_failed
            troubled[deed.target] = has_failed
        elif troubled and (deed.failed or ("test" in deed.kinds and deed.ok is not None)):
            troubled = dict.fromkeys(troubled, True)
    return edits, retries


def is_one_shot(edits: int, retries: int) -> bool | None:
    """Whether a turn edited files without a retry; None if it edited none."""
    return None if not edits else not retries
