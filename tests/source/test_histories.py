"""Whether a backup copy is an earlier state of its store, by the rows and sums of a session."""

from __future__ import annotations

import pytest

from opencode_tui.source.histories import History, is_earlier


@pytest.mark.parametrize(("new_in_store", "earlier"), [(24, True), (11, False)])
def test_a_copy_of_the_same_cost_is_no_earlier_state_if_its_rows_have_numbers_that_the_store_gave_to_others(
    new_in_store: int, earlier: bool
) -> None:
    store = History({"prompt": 6, "paid": 8, "free": new_in_store}, frozenset({"paid", "free"}), 30, (48, 19_000, 0))
    copy = History({"prompt": 6, "paid": 8, "other": 23}, frozenset({"paid", "other"}), 23, (48, 18_000, 0))
    assert is_earlier(store, copy) == earlier
