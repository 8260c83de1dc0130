"""Which session a commit belongs to, and what the commits of some sessions add up to."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from opencode_tui.records.shipped import Commit, GitHistory, GitShipped, ModelShipped, PaidCall

AFTER_MS = 30 * 60_000
"""A commit belongs to the last call before it, if that was made at most so long before."""


def caused_by(commit: Commit, calls: Sequence[PaidCall]) -> PaidCall | None:
    """The call that a commit followed; None if no session was at work. The calls are in order of time."""
    place = bisect_right(calls, commit.at_ms, key=lambda call: call.at_ms)
    if not place or commit.at_ms - calls[place - 1].at_ms > AFTER_MS:
        return None
    return calls[place - 1]


def shipped_by_git(
    places: Iterable[tuple[Sequence[PaidCall], GitHistory]], counts: Callable[[PaidCall], bool]
) -> GitShipped:
    """What the calls that count shipped, from all calls and the history of each repository.

    A commit is counted once: by the call before it, whichever session that is of.
    """
    commits: list[tuple[Commit, str]] = []
    spend: dict[str, int] = defaultdict(int)
    troubles: list[str] = []
    for calls, history in places:
        troubles += [history.trouble] if history.trouble else []
        if history.trouble and not history.commits:
            continue
        for call in calls:
            if counts(call):
                spend[call.model] += call.cost_nano
        for commit in history.commits:
            cause = caused_by(commit, calls)
            if cause is not None and counts(cause):
                commits.append((commit, cause.model))
    kept = [(commit, model) for commit, model in commits if commit.state == "kept"]
    aged = [(commit, model) for commit, model in kept if commit.standing is not None]
    by_model = [
        ModelShipped(
            model,
            nano,
            sum(of == model for _, of in kept),
            sum(commit.standing or 0 for commit, of in aged if of == model),
        )
        for model, nano in spend.items()
    ]
    return GitShipped(
        spend_nano=sum(spend.values()),
        commits=len(commits),
        kept=len(kept),
        reverted=sum(commit.state == "reverted" for commit, _ in commits),
        abandoned=sum(commit.state == "abandoned" for commit, _ in commits),
        added=sum(commit.added for commit, _ in commits),
        aged=sum(commit.added for commit, _ in aged),
        standing=sum(commit.standing or 0 for commit, _ in aged),
        too_young=len(kept) - len(aged),
        by_model=tuple(sorted(by_model, key=lambda each: (-each.spend_nano, each.model))),
        troubles=tuple(dict.fromkeys(troubles)),
    )
