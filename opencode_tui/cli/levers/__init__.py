"""`opencode-tui levers`: the four levers with their evidence, and changes of files that can be taken back."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from opencode_tui.cli import EXIT_USAGE, Trouble
from opencode_tui.cli.common import Opened, opened, settings_for, using_ledger
from opencode_tui.cli.levers.kept import KeptChanges, digest
from opencode_tui.cli.levers.offers import offered_changes
from opencode_tui.cli.levers.place import replace_text, text_of
from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.paths import tilde
from opencode_tui.readings.insights import settle_insights
from opencode_tui.readings.levers import read_levers
from opencode_tui.readings.periods import days, span_of
from opencode_tui.records.insights import LEVERS
from opencode_tui.records.levers import AppliedChange, FileChange, LeversView
from opencode_tui.report.differences import difference
from opencode_tui.report.levers import applied_json, applied_lines, levers_json, levers_lines, unwritten_lines

_STAYS = "stays as it is"


def run(arguments: argparse.Namespace) -> int:
    return {None: _show, "apply": _apply, "undo": _undo, "list": _list}[arguments.action](arguments)


def _show(arguments: argparse.Namespace) -> int:
    with opened(arguments) as at:
        view = _view(arguments, at)
    changes, by_hand = offered_changes(view)
    if arguments.json:
        print(json.dumps(levers_json(view, changes, by_hand)))
    else:
        print("\n".join(levers_lines(view, changes, by_hand)))
    return 0


def _view(arguments: argparse.Namespace, at: Opened) -> LeversView:
    """The levers of the period. Raises Trouble for a period that is none."""
    try:
        with at.reading(now_ms()) as context:
            span = span_of(*days(arguments.period, None, None, context), context)
        settle_insights(at.ledger, at.settings.insights.options, at.sync.book, span, live=at.sync.answers)
        with at.reading(now_ms()) as context:
            return read_levers(arguments.period, context)
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None


def _apply(arguments: argparse.Namespace) -> int:
    with opened(arguments) as at:
        view, kept = _view(arguments, at), KeptChanges(at.ledger.path)
    changes, by_hand = offered_changes(view)
    wanted = _named(arguments.change, changes)
    if not wanted:
        print("no change of a file is offered for this period; `opencode-tui levers` says what there is")
    for number, change in enumerate(wanted):
        if number:
            print()
        # A change before this one may have been of the same file.
        for current in offered_changes(view)[0] if number else wanted:
            if current.name == change.name:
                _offer(current, kept, is_sure=arguments.yes)
    if all(name in LEVERS for name in arguments.change):
        print(
            "".join(f"{line}\n" for line in unwritten_lines(view, changes, by_hand, arguments.change or LEVERS)), end=""
        )
    return 0


def _named(names: Sequence[str], changes: Sequence[FileChange]) -> list[FileChange]:
    """The changes of these names or levers, or all of them. Raises Trouble for a name that is none."""
    known = {change.name for change in changes}
    for name in names:
        if name not in known and name not in LEVERS:
            there = ", ".join(sorted(known)) or "none at all"
            raise Trouble(f"no change {name!r} is offered for this period; there are {there}", EXIT_USAGE)
    return [change for change in changes if not names or change.name in names or change.lever in names]


def _offer(change: FileChange, kept: KeptChanges, *, is_sure: bool) -> None:
    """Show one change, ask, and write it."""
    print(f"{change.name}: {change.what}")
    print("\n".join(difference(change.file, change.before, change.after)))
    if not (is_sure or _agrees(change.file)):
        print(f"{tilde(change.file)} {_STAYS}")
        return
    try:
        applied = kept.keep(change, now_ms())
    except OSError as error:
        raise Trouble(f"{kept.folder} cannot keep a copy ({error.strerror}): {tilde(change.file)} {_STAYS}") from None
    try:
        replace_text(change.file, change.before, change.after)
    except BaseException:
        kept.forget(applied)
        raise
    print(f"{tilde(change.file)} is written; `opencode-tui levers undo {applied.id}` takes it back")


def _agrees(file: Path) -> bool:
    if not sys.stdin.isatty():
        raise Trouble(f"{tilde(file)} is not written without a yes; say --yes", EXIT_USAGE)
    print(f"Write this to {tilde(file)}? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _undo(arguments: argparse.Namespace) -> int:
    with using_ledger(settings_for(arguments)) as ledger:
        kept = KeptChanges(ledger.path)
    applied = _to_undo(arguments.change, kept.all())
    file = Path(applied.file)
    try:
        before = kept.before(applied)
    except (OSError, ValueError):
        raise Trouble(f"the copy {kept.copy_of(applied)} cannot be read: {tilde(file)} {_STAYS}") from None
    now = text_of(file)
    if now == before:
        print(f"{tilde(file)} is as it was before already")
    else:
        if not arguments.force and (now is None or digest(now) != applied.after_sha256):
            raise Trouble(
                f"{tilde(file)} was changed since and {_STAYS}; --force puts {kept.copy_of(applied)} in its place"
            )
        print("\n".join(difference(file, now, before)))
        replace_text(file, now, before)
        print(f"{tilde(file)} is {'as it was before' if before is not None else 'gone again'}")
    kept.mark_undone(applied, now_ms())
    return 0


def _to_undo(wanted: str | None, applied: Sequence[AppliedChange]) -> AppliedChange:
    """The newest change with an id or a name, or the newest of all, that is not undone. Raises Trouble."""
    standing = [each for each in applied if each.undone_ms is None]
    found = [each for each in standing if wanted is None or wanted in (str(each.id), each.name)]
    if found:
        return found[-1]
    if wanted is None:
        raise Trouble("no change of a lever is there to undo; `opencode-tui levers list` has them all", EXIT_USAGE)
    there = ", ".join(f"{each.id} ({each.name})" for each in standing) or "none at all"
    raise Trouble(f"no change {wanted!r} is there to undo; there are {there}", EXIT_USAGE)


def _list(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments)
    with using_ledger(settings) as ledger:
        applied = KeptChanges(ledger.path).all()
    calendar = calendar_for(settings.timezone)
    if arguments.json:
        print(json.dumps(applied_json(applied, calendar)))
    else:
        print("\n".join(applied_lines(applied, calendar, now_ms())))
    return 0
