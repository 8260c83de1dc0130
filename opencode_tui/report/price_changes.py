"""What a fetched price list changed, in sentences."""

from __future__ import annotations

from collections.abc import Collection

from opencode_tui.money import plural
from opencode_tui.pricing.public_list import FetchedList, PriceChange
from opencode_tui.records.model_key import model_key
from opencode_tui.report.call_words import exact_usd

_PARTS = ("input", "output", "cache_read", "cache_write")


def fetched_text(fetched: FetchedList, used: Collection[str]) -> str:
    """How many prices there are and how many changed, and a line for each change of a used model, by its key."""
    changes = [change for change in fetched.changes if model_key(*change.key) in used]
    changed = f"{plural(len(fetched.changes), 'price')} changed" if fetched.changes else "none changed"
    if fetched.changes:
        changed += f", {len(changes) or 'none'} of a model in use"
    lines = [f"{plural(fetched.prices, 'price')} from {fetched.address}, {changed}"]
    return "\n".join([*lines, *(f"  {_change_text(change)}" for change in changes)])


def _change_text(change: PriceChange) -> str:
    """Such as `opencode/kimi-k2.6: input $0.95 → $0.80, output $4.00 → $3.50`."""
    pairs = [(part.replace("_", " "), getattr(change.before, part), getattr(change.after, part)) for part in _PARTS]
    parts = [f"{part} {exact_usd(before)} → {exact_usd(after)}" for part, before, after in pairs if before != after]
    parts += ["other context tiers"] if change.before.tiers != change.after.tiers else []
    return f"{model_key(*change.key)}: {', '.join(parts)}"
