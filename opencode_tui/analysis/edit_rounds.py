"""Which turns of a session were about a file: rounds on it, if there are many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable


def edit_rounds(edits: Iterable[tuple[str, str]], least: int) -> dict[str, list[str]]:
    """The turns that were about each file, in their order, of the files that at least `least` turns were about.

    `edits` are (turn, file), one for each edit, in order of time. A turn is about a file if it edits no other one more
    often, and this one more often than all passing files together: those that at most half of the turns with that file
    edit too. So a request that writes files of its own and adds a line to a list is no round on the list, while a
    component, its styles and its test, edited together each time, have the same rounds.
    """
    edited = list(edits)
    turns_of: dict[str, list[str]] = {}
    for turn, file in edited:
        if (turns := turns_of.get(file)) is None:
            turns_of[file] = [turn]
        elif turns[-1] != turn:
            turns.append(turn)
    often = {file: turns for file, turns in turns_of.items() if len(turns) >= least}
    if not often:
        return {}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for turn, file in edited:
        counts[turn][file] += 1
    found: dict[str, list[str]] = {}
    for file, turns in often.items():
        turns = list(dict.fromkeys(turns))
        beside = Counter(other for turn in turns for other in counts[turn])
        steady = {other for other, times in beside.items() if 2 * times > len(turns)}
        rounds = [turn for turn in turns if _is_about(file, counts[turn], steady)]
        if len(rounds) >= least:
            found[file] = rounds
    return found


def _is_about(file: str, counts: Counter[str], steady: set[str]) -> bool:
    passing = sum(times for other, times in counts.items() if other not in steady)
    return counts[file] > passing and counts[file] == max(counts.values())
