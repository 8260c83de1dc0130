"""OpenCode's figures beside the ledger's, as JSON and as lines for a terminal and for the dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any

from msgspec.structs import replace

from opencode_tui.money import NANO, plural, usd
from opencode_tui.records import causes
from opencode_tui.records.reconciliation import Explained, OpenCodeFigure, Reconciliation, StoreFigures
from opencode_tui.report.json_values import SCHEMA_VERSION
from opencode_tui.report.words import fitting, text_cells

CAUSES = {
    causes.FORKS: "what forks copied, which nobody paid for again",
    causes.UNDONE_CALLS: "taken back in OpenCode; the money stays spent",
    causes.DELETED: "of sessions deleted in OpenCode; the money stays spent",
    causes.TITLES: "titles that the model was asked for, which stand in no row",
    causes.COMPACTIONS: "compactions, which this figure leaves out",
    causes.LIST_PRICE: "at the list price instead of OpenCode's (pricing.prefer)",
    causes.CUSTOM_PRICE: "at your own price instead of OpenCode's (pricing.custom)",
    causes.REASONING: "reasoning that OpenCode up to 1.3.2 charged twice",
    causes.UNREADABLE: "rows that cannot be read; `opencode-tui sync` lists the reasons",
    causes.RUNNING: "still running, or not read into the ledger yet",
    causes.STORES: "the same call in several stores",
    causes.OLDER: "only in an older store, which OpenCode no longer reads",
    causes.BACKUPS: "only in a backup copy beside the store",
    causes.ELSEWHERE: "from a store that is not here, or cannot be read now",
    causes.ORPHANS: "of sessions that OpenCode has no row of",
    causes.AHEAD: "dated in the future, so left out by OpenCode",
    causes.RESTORED: "lost when the store was put back to an earlier state",
    causes.ROUNDING: "fractions of a nano-dollar",
}
"""What each cause is, in a few words."""
_NAMES = {
    "stats": ("what `opencode stats` shows", "opencode stats", "stats"),
    "sessions": ("OpenCode's sums of the sessions", "sums of sessions", "sessions"),
    "messages": ("the sum of the messages", "sum of messages", "messages"),
}
_INDENT = 2


def reconciliation_json(found: Reconciliation) -> dict[str, Any]:
    """The JSON contract: amounts are USD, exact to 1e-9; `opencode_usd` is what `opencode stats` shows.

    It is null, as is what follows from it, if no store was read. `complete` is false if a figure is a lower bound.
    """
    first = found.figures[0]
    return {
        "schema_version": SCHEMA_VERSION,
        **_figure_json(first, found),
        "complete": found.is_known and found.is_up_to_date,
        "unread": list(found.unread),
        "figures": {figure.name: _figure_json(figure, found) for figure in found.figures},
        "stores": [
            {
                "path": store.path,
                "form": store.form,
                "is_current": store.is_current,
                "stats_usd": usd(store.stats_nano),
                "sessions_usd": None if store.sessions_nano is None else usd(store.sessions_nano),
                "messages_usd": usd(store.messages_nano),
                "calls": store.calls,
            }
            for store in found.stores
        ],
        "not_billed": _explained_json(found.not_billed),
        "charged_twice": _explained_json(found.doubled),
    }


def _figure_json(figure: OpenCodeFigure, found: Reconciliation) -> dict[str, Any]:
    if not found.has_figures:
        ledger = {"ledger_usd": usd(figure.ledger_nano), "difference_usd": None}
        return {"opencode_usd": None, **ledger, "explained": [], "unexplained_usd": None}
    return {
        "opencode_usd": usd(figure.opencode_nano),
        "ledger_usd": usd(figure.ledger_nano),
        "difference_usd": usd(figure.difference_nano),
        "explained": [_explained_json(each) for each in figure.explained],
        "unexplained_usd": usd(figure.unexplained_nano),
    }


def _explained_json(each: Explained) -> dict[str, Any]:
    return {"cause": each.cause, "usd": usd(each.nano), "calls": each.calls}


def reconciliation_lines(found: Reconciliation, width: int) -> list[str]:
    """All figures with their causes, in lines of at most `width` cells (at least 30).

    Every amount has as many decimals as the longest needs, so that the columns can be added up.
    """
    decimals = _decimals(_amounts(found))
    lines: list[str] = []
    for same in _groups(found.figures):
        first, *others = same
        lines += _figure_lines(first, found, width, decimals)
        if others:
            lines += wrap(f"The same for {' and '.join(_NAMES[each.name][0] for each in others)}.", width)
        lines.append("")
    for line in _store_lines(found.stores) if len(found.stores) > 1 else ():
        lines += wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)
    for sentence in _beside(found, decimals):
        lines += wrap(sentence, width, subsequent_indent="  ")
    return [*lines, *wrap(reconciled_words(found), width)]


def reconciled_words(found: Reconciliation) -> str:
    """A sentence or two that say whether every difference has a cause, and what is not known."""
    if not found.has_figures and not found.unread:
        return "Not known: what OpenCode's figures are, because there is no store of it here."
    if not found.is_known:
        least = ", so its figures are at least these" if found.has_figures else ""
        return f"Not known: what OpenCode's figures are, because {' and '.join(found.unread)} cannot be read{least}."
    if not found.is_up_to_date:
        behind = "Not known: what is not in the ledger yet, which could not be brought up to date."
        return f"{behind} {_rest_words(found)}".rstrip()
    return _rest_words(found) or "Every difference is explained, to the nano-dollar."


def _rest_words(found: Reconciliation) -> str:
    """One sentence about what has no cause; empty if there is nothing."""
    if found.is_whole:
        return ""
    rests = [f"{padded_usd(figure.unexplained_nano, 9)} beside {_NAMES[figure.name][0]}" for figure in found.figures]
    open_rests = [text for text, figure in zip(rests, found.figures, strict=True) if figure.unexplained_nano]
    return f"Not explained: {'; '.join(open_rests)}."


def _store_lines(stores: Sequence[StoreFigures]) -> Iterator[str]:
    """A line for each store; the tables of before an upgrade follow those that OpenCode reads in the same file."""
    current = {store.path for store in stores if store.is_current}
    for store in stores:
        if store.is_current:
            yield f"{store.form}: {store.path}"
            for older in stores:
                if older.path == store.path and not older.is_current:
                    yield f"its {older.form} tables in the same file, which OpenCode no longer reads"
        elif store.path not in current:
            yield f"{store.form}, which OpenCode no longer reads: {store.path}"


def _groups(figures: Sequence[OpenCodeFigure]) -> list[list[OpenCodeFigure]]:
    """The figures that are equal but for their names, together."""
    groups: list[list[OpenCodeFigure]] = []
    for figure in figures:
        for group in groups:
            if replace(figure, name=group[0].name) == group[0]:
                group.append(figure)
                break
        else:
            groups.append([figure])
    return groups


def _figure_lines(figure: OpenCodeFigure, found: Reconciliation, width: int, decimals: int) -> Iterator[str]:
    least = "" if found.is_known else "≥"
    opencode = f"{least}{padded_usd(figure.opencode_nano, decimals)}" if found.has_figures else "not known"
    yield _line(_NAMES[figure.name], opencode, width)
    for each in figure.explained if found.has_figures else ():
        name = f"{' ' * _INDENT}{each.cause}"
        names: tuple[str, ...] = (f"{name} ({plural(each.calls, 'call')})" if each.calls else name, name)
        yield _line(names, padded_usd(each.nano, decimals, sign=True), width)
        indent = " " * (2 * _INDENT)
        yield from wrap(CAUSES[each.cause], width, initial_indent=indent, subsequent_indent=indent)
    if figure.unexplained_nano and found.has_figures:
        yield _line(
            (f"{' ' * _INDENT}not explained", f"{' ' * _INDENT}rest"),
            padded_usd(figure.unexplained_nano, decimals, sign=True),
            width,
        )
    least = "" if found.is_up_to_date else "≥"
    yield _line(("the ledger",), f"{least}{padded_usd(figure.ledger_nano, decimals)}", width)


def _line(names: tuple[str, ...], amount: str, width: int) -> str:
    room = width - len(amount) - 1
    name = fitting(names, room)
    return f"{name}{' ' * (room - text_cells(name))} {amount}"


def _beside(found: Reconciliation, decimals: int) -> Iterator[str]:
    if found.not_billed.calls:
        calls = plural(found.not_billed.calls, "call")
        yield f"In no figure: {padded_usd(found.not_billed.nano, decimals)} at list price for {calls} recorded at $0."
    if found.doubled.calls:
        calls = plural(found.doubled.calls, "call")
        yield (
            f"In every figure: {padded_usd(found.doubled.nano, decimals)} that OpenCode up to 1.3.2 charged a second"
            f" time for the reasoning of {calls}."
        )


def _amounts(found: Reconciliation) -> Iterator[int]:
    for figure in found.figures:
        yield from (figure.opencode_nano, figure.ledger_nano, *(each.nano for each in figure.explained))
    yield from (found.not_billed.nano, found.doubled.nano)


def _decimals(amounts: Iterable[int]) -> int:
    """The decimals that the longest of the amounts needs, from 2 to 9."""
    return max([2, *(len(f"{abs(nano) % NANO:09}".rstrip("0")) for nano in amounts)])


def padded_usd(nano: int, decimals: int, *, sign: bool = False) -> str:
    """An amount with so many decimals, such as $1.2190; with `sign`, +$0.0200 and -$0.0941."""
    whole, rest = divmod(abs(nano), NANO)
    mark = "-" if nano < 0 else "+" if sign else ""
    return f"{mark}${whole:,}.{f'{rest:09}'[:decimals]}"
