"""Insights: what made calls cost more than they had to, and what to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

Sure = Literal["measured", "estimated"]
"""A measured cost is the exact sum of calls; an estimated one is worked out, and its sum is shown."""
Lever = Literal["context", "routing", "compaction", "quota"]
Reach = Literal["close", "broad", "period"]
"""How far a finding reaches beyond what it is about: not at all, to all of a session's subagents, to whole sessions."""
LEVERS: tuple[Lever, ...] = ("context", "routing", "compaction", "quota")
"""What a person can change, in the order in which to try it."""


class Threshold(Struct, frozen=True):
    """A rule's setting below [insights]: how much of something it takes; 0 turns the rule off."""

    name: str
    """Its key in config.toml; an amount's ends in `_nano` here and in `_usd` there."""
    default: int
    unit: Literal["count", "percent", "usd"] = "count"

    def of(self, settings: Mapping[str, int]) -> int:
        """Its value in the settings, which hold those that are no defaults."""
        return settings.get(self.name, self.default)


class QuarterCost(Struct, frozen=True, gc=False):
    """What a session's calls of a quarter of an hour have of a finding's cost."""

    session_id: str
    start_ms: int
    nano: int
    is_night: bool = False


class Finding(Struct, frozen=True):
    """What a rule found in one session, or in a period."""

    rule: str
    key: str
    """What it is about within its rule, such as a file. Findings of one rule with equal keys are one insight."""
    session_id: str
    turn_id: str
    """The turn that shows it best; empty for none."""
    calls: tuple[str, ...]
    """The ids of the paid calls that make its cost."""
    cost_nano: int
    saves_nano: int
    """What would not have been spent; at most the cost."""
    first_ms: int
    last_ms: int
    sure: Sure = "measured"
    figures: Mapping[str, int | str] = field(default_factory=dict)
    """What the rule's words need."""
    title: str = ""
    """The session's title: somebody's text."""
    quarters: tuple[QuarterCost, ...] = ()
    """Of a finding of a period that is no whole session's: where its cost is."""
    is_undone: bool = False
    """It is about the undone calls of its session; other findings of a period are about the others."""


class Words(Struct, frozen=True):
    """An insight as plain text, each a sentence or a part of one."""

    title: str
    """In a few words: `Button.tsx edited in 4 turns`."""
    what: str
    """What was seen, where, and what it cost."""
    how: str
    """What to do about it."""
    sum_shown: str
    """The arithmetic behind the cost and the saving."""


class InsightSession(Struct, frozen=True):
    """A session in which an insight was found, at the turn that shows it."""

    id: str
    title: str
    turn_id: str
    nano: int


class Follow(Struct, frozen=True):
    """What became of an insight that was acted on: the same measure before and after, in nano-dollars a week."""

    done_ms: int
    before_nano_week: int
    after_nano_week: int | None
    """None as long as it is too early to say."""
    estimate_nano_week: int
    """What it was said to save."""
    all_before_nano_week: int = 0
    """What everything cost, before and after: whether more or less was done in all."""
    all_after_nano_week: int = 0
    told_ms: int = 0
    """From when on it is not too early."""


class InsightMark(Struct, frozen=True):
    """What a person decided about an insight, whether or not it is still found."""

    rule: str
    key: str
    title: str
    lever: Lever
    marked_ms: int
    """When, in Unix milliseconds."""
    state: Literal["dismissed", "done"]
    until_ms: int | None = None
    """Until when it is dismissed; None is for ever."""
    cost_nano: int = 0
    saves_nano: int = 0
    """What was found and what it was said to save, when it was marked as done."""

    @property
    def id(self) -> str:
        return insight_id(self.rule, self.key)

    def is_dismissed(self, now_ms: int) -> bool:
        return self.state == "dismissed" and (self.until_ms is None or now_ms < self.until_ms)


class FollowedInsight(Struct, frozen=True):
    """An insight that was marked as done, and what became of it."""

    mark: InsightMark
    follow: Follow


def insight_id(rule: str, key: str) -> str:
    """A short name that commands take: six digits of base 16, always the same for a rule and its key."""
    from hashlib import sha256  # a slow import, for those who show insights

    return sha256(f"{rule}\n{key}".encode(errors="surrogatepass")).hexdigest()[:6]


class Insight(Struct, frozen=True):
    """One cause with its evidence, its cost and what to do about it."""

    rule: str
    key: str
    title: str
    what: str
    how: str
    sum_shown: str
    sessions: tuple[InsightSession, ...]
    """Most expensive first."""
    cost_nano: int
    saves_nano: int
    lever: Lever
    sure: Sure
    calls: int
    first_ms: int
    last_ms: int
    state: Literal["new", "dismissed", "done"] = "new"
    saves_at_most: bool = False
    """What would be saved is the most that could be: some of that work may have been needed."""
    follow: Follow | None = None

    @property
    def id(self) -> str:
        return insight_id(self.rule, self.key)
