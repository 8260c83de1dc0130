"""What became of what was spent: as sentences for a session and a report, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from opencode_tui.money import format_usd, plural, usd
from opencode_tui.records.model_key import short_name
from opencode_tui.records.shipped import GitShipped, ModelShipped, Shipped

_Money = Callable[[int], str]
_LEVELS = 4
"""Of short variants."""


def shipped_lines(shipped: Shipped, money: _Money = format_usd) -> tuple[str, ...]:
    """The sentences, without full stops; none if no edit is known and git was not asked."""
    git = () if shipped.git is None else tuple(_git_lines(shipped.git, money))
    return (*_line_counts(shipped, money), *git)


def shipped_facts(shipped: Shipped) -> list[tuple[str, ...]]:
    """What became of the spend as facts of the Session screen, each from its longest variant to its shortest."""
    found: list[tuple[str, ...]] = []
    if changed := shipped.added + shipped.removed:
        each = f", {format_usd(shipped.spend_nano // changed)} a line" if shipped.spend_nano else ""
        lines = f"+{shipped.added:,} −{shipped.removed:,} lines"
        found.append((f"{plural(shipped.added, 'line')} added, {shipped.removed:,} removed{each}", f"{lines}{each}"))
    if shipped.git is not None:
        found += _git_facts(shipped.git)
    return found


def shipped_in_one(shipped: Shipped) -> tuple[str, ...]:
    """All of `shipped_facts` as one fact, from its longest variant to its shortest, each of whole words."""
    full = [fact[0] for fact in shipped_facts(shipped)]
    short = [list(_short_facts(shipped, level)) for level in range(_LEVELS)]
    bare = short[-1]
    variants = (full, *short, *(bare[:count] for count in range(len(bare) - 1, 0, -1)))
    return tuple(dict.fromkeys("   ".join(parts) for parts in variants if parts))


def _short_facts(shipped: Shipped, level: int) -> Iterator[str]:
    """Each fact in a few words, the least important last; the levels leave out more and more of the costs."""

    def each(nano: int, count: int, last_level: int) -> str:
        return f", {format_usd(nano // count)} each" if level <= last_level and nano and count else ""

    if changed := shipped.added + shipped.removed:
        yield f"+{shipped.added:,} −{shipped.removed:,} lines{each(shipped.spend_nano, changed, 1)}"
    if (git := shipped.git) is None:
        return
    if git.commits:
        yield f"{git.kept:,} of {plural(git.commits, 'commit')} kept{each(git.spend_nano, git.kept, 2)}"
    elif not git.troubles:
        yield "no commit"
    if git.aged:
        yield f"{git.standing:,} of {git.aged:,} lines stood{'' if level else ' a week'}"
    if git.troubles:
        yield "git has not answered for all"
    if git.too_young:
        yield f"{git.too_young:,} too young"


def _git_facts(git: GitShipped) -> Iterator[tuple[str, ...]]:
    if git.commits:
        counts = f"{plural(git.commits, 'commit')}, {_states(git)}"
        each = f", {format_usd(git.spend_nano // git.kept)} for each that was kept" if git.kept else ""
        yield (f"{counts}{each}", counts)
    elif not git.troubles:
        yield ("no commit was made by then", "no commit")
    if git.aged:
        line = _of_standing(git.spend_nano, git.standing, git.too_young, format_usd)
        short = f"{git.standing:,} of {plural(git.aged, 'line')} still stood a week later"
        yield (f"{short}{line}", short, f"{git.standing:,} of {git.aged:,} lines stood")
    if git.too_young:
        yield (f"{plural(git.too_young, 'commit')} not looked at yet: younger than a week, or on another branch",)
    yield from ((trouble,) for trouble in git.troubles)


def _states(git: GitShipped) -> str:
    counts = (git.kept, "kept"), (git.reverted, "reverted"), (git.abandoned, "abandoned")
    return ", ".join(f"{count:,} {name}" for count, name in counts if count)


def _line_counts(shipped: Shipped, money: _Money) -> Iterator[str]:
    changed = shipped.added + shipped.removed
    if not changed:
        return
    each = f", {money(shipped.spend_nano // changed)} a line" if shipped.spend_nano else ""
    known = shipped.edits - shipped.unknown_edits
    rest = f" (of {plural(shipped.unknown_edits, 'more edit')} no lines are known)" if shipped.unknown_edits else ""
    lines = f"{plural(shipped.added, 'line')} added and {shipped.removed:,} removed"
    yield f"{lines} by {plural(known, 'edit')}, as OpenCode recorded them{each}{rest}"


def _git_lines(git: GitShipped, money: _Money) -> Iterator[str]:
    if git.commits:
        each = f", {money(git.spend_nano // git.kept)} for each that was kept" if git.kept else ""
        yield f"{plural(git.commits, 'commit')} made by then, {_states(git)}{each}"
    elif not git.troubles:
        yield "no commit was made by then"
    if git.aged:
        line = _of_standing(git.spend_nano, git.standing, git.too_young, money)
        share = f"{git.standing:,} of the {plural(git.aged, 'line')} that they added"
        yield f"{share} still stood a week later{line}"
    if git.too_young:
        yield f"{plural(git.too_young, 'commit')} younger than a week, or on a branch of its own, is not looked at yet"
    if len(git.by_model) > 1 and git.kept:
        yield from (_model_line(each, git.too_young, money) for each in git.by_model)
    yield from git.troubles


def _model_line(each: ModelShipped, too_young: int, money: _Money) -> str:
    commits = f", {money(each.spend_nano // each.commits)} each" if each.commits else ""
    line = _of_standing(each.spend_nano, each.standing, too_young, money)
    return f"{short_name(each.model)}: {money(each.spend_nano)}, {plural(each.commits, 'commit')} kept{commits}{line}"


def _of_standing(nano: int, standing: int, too_young: int, money: _Money) -> str:
    """The cost of a line that stands; it is known only once all commits are old enough."""
    return f", {money(nano // standing)} a line that stands" if standing and not too_young else ""


def shipped_json(shipped: Shipped) -> dict[str, Any]:
    """The JSON of `session` and `report`."""
    changed = shipped.added + shipped.removed
    return {
        "spend_usd": usd(shipped.spend_nano),
        "lines_added": shipped.added,
        "lines_removed": shipped.removed,
        "usd_per_line": usd(shipped.spend_nano // changed) if changed else None,
        "edits": shipped.edits,
        "edits_without_lines": shipped.unknown_edits,
        "git": None if shipped.git is None else _git_json(shipped.git),
    }


def _git_json(git: GitShipped) -> dict[str, Any]:
    is_whole = not git.too_young
    return {
        "spend_usd": usd(git.spend_nano),
        "commits": git.commits,
        "kept": git.kept,
        "reverted": git.reverted,
        "abandoned": git.abandoned,
        "lines_added": git.added,
        "lines_a_week_old": git.aged,
        "lines_standing": git.standing,
        "commits_too_young": git.too_young,
        "usd_per_commit": usd(git.spend_nano // git.kept) if git.kept else None,
        "usd_per_standing_line": usd(git.spend_nano // git.standing) if git.standing and is_whole else None,
        "models": [
            {
                "model": each.model,
                "spend_usd": usd(each.spend_nano),
                "commits": each.commits,
                "lines_standing": each.standing,
                "usd_per_commit": usd(each.spend_nano // each.commits) if each.commits else None,
                "usd_per_standing_line": usd(each.spend_nano // each.standing) if each.standing and is_whole else None,
            }
            for each in git.by_model
        ],
        "troubles": list(git.troubles),
    }
