"""Whether a backup copy is an earlier state of its store, by the rows and sums of a session."""

from __future__ import annotations

from collections.abc import Set

import pytest

from opencode_tui.source.histories import History, apart, goes_on, is_earlier


@pytest.mark.parametrize(("new_in_store", "earlier"), [(24, True), (11, False)])
def test_a_copy_of_the_same_cost_is_no_earlier_state_if_its_rows_have_numbers_that_the_store_gave_to_others(
    new_in_store: int, earlier: bool
) -> None:
    store = History({"prompt": 6, "paid": 8, "free": new_in_store}, frozenset({"paid", "free"}), 30, (48, 19_000, 0))
    copy = History({"prompt": 6, "paid": 8, "other": 23}, frozenset({"paid", "other"}), 23, (48, 18_000, 0))
    assert is_earlier(store, copy) == earlier


def of(*rows: int, last: int = 0, branch: str = "") -> History:
    """A session with rows of these numbers, all with a cost; those of a `branch` are its own from number 20 on."""
    numbers = {f"{branch if number >= 20 else ''}{number}": number for number in rows}
    return History(numbers, frozenset(numbers), max(last, *rows))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (of(4, 12, 20, 27, branch="a"), of(4, 12, 21, 26, branch="b"), ({"a27"}, {"b21", "b26"})),
        (of(4, 12, 30, branch="a"), of(4, 12), (set(), set())),  # the second may be an earlier state of the first
        (of(4, 12, 30, branch="a"), of(4, 31, branch="b"), (set(), {"b31"})),  # the second has undone 12 and 30
        (of(4, 12), of(4, 12), (set(), set())),
    ],
)
def test_copies_went_apart_before_a_number_that_follows_one_that_the_other_lacks(
    one: History, other: History, expected: tuple[Set[str], Set[str]]
) -> None:
    assert apart(one, other) == expected
    assert apart(other, one) == expected[::-1]


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        (of(4, 12, 27), True),
        (of(4, 27), True),  # 12 and 21 were undone
        (of(4, last=30), True),
        (of(4, last=20), False),
        (of(4, 12, 18, 27), False),
    ],
)
def test_a_session_goes_on_from_a_copy_if_all_its_new_rows_follow_those_of_the_copy(
    store: History, expected: bool
) -> None:
    assert goes_on(store, of(4, 12, 21)) == expected
