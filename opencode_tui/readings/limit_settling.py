"""Notes all sessions as to be looked at again once a context limit is another one than what is kept was found by."""

from __future__ import annotations

import json

from opencode_tui.ledger.changed_work import keep_stamp_text, restamp, stamp_text
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.session_work_queries import newest_places
from opencode_tui.readings.context import ContextLimits
from opencode_tui.records.model_key import split_key

_Place = tuple[str, str]
"""A model by its key, and a directory; "" stands for all that have no configuration of their own."""


def settle_limits(ledger: Ledger, limits: ContextLimits | None) -> None:
    """Compares the limits of the models that answered last in each session with those of the last time.

    A model that is new in a directory changes nothing that was found, and a limit that is no longer known, as where
    OpenCode's list is missing for a while, leaves it. Raises sqlite3.OperationalError if the ledger is locked.
    """
    if limits is None:
        return
    kept = _parsed(stamp_text(ledger.connection, "limits"))
    places = {*kept, *newest_places(ledger.connection)}
    now = {
        place: limits.context_limit(*split_key(place[0]), place[1]) or kept.get(place)
        for place in places | _anywhere(places)
    }
    if now == kept:
        return
    with ledger.writing() as connection:
        if any(now[place] != limit for place, limit in kept.items()):
            restamp(connection, "limits", _text(now))
        else:
            keep_stamp_text(connection, "limits", _text(now))


def _anywhere(places: set[_Place]) -> set[_Place]:
    return {(model, "") for model, _ in places}


def _parsed(text: str | None) -> dict[_Place, int | None]:
    return {(model, directory): limit for model, directory, limit in json.loads(text or "[]")}


def _text(limits: dict[_Place, int | None]) -> str:
    return json.dumps([[*place, limits[place]] for place in sorted(limits)])
