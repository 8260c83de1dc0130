"""The base of all insight rules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from opencode_tui.analysis.call_figures import SAVED, SHARE, listed, named
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.clock import Span
from opencode_tui.paths import in_folder
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.insights import Finding, Lever, QuarterCost, Reach, Sure, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import ChildWork, PeriodWork, SessionWork

InsightSettings = Mapping[str, int]
"""The thresholds that are no defaults, by name."""


class AnyInsightRule(ABC):
    """What rules on sessions and rules on periods share. A rule stores no settings: they are passed to `find`."""

    name: ClassVar[str]
    """Its name in the ledger and in JSON: lower case with underscores."""
    lever: ClassVar[Lever]
    thresholds: ClassVar[tuple[Threshold, ...]]
    """Its settings below [insights]; if the first is 0, the rule is off."""
    is_followed_whole: ClassVar[bool] = False
    """An insight that was acted on is followed by all that the rule finds, since its key is a thing that work leaves
    behind anyway, such as a file; else by what it finds with that key."""
    saves_at_most: ClassVar[bool] = False
    """What it says would be saved is the most that could be: some of that work may have been needed."""
    is_about_subagents: ClassVar[bool] = False
    """Whether it looks at the subagents below a session; the others are given none."""
    reach: ClassVar[Reach] = "close"
    """How far its findings reach beyond what they are about; closer causes go before wider ones (see `claims.py`)."""
    is_said_beside: ClassVar[bool] = False
    """Where another insight has the money of its finding, that one says what this one is as well."""
    is_for_a_person: ClassVar[bool] = False
    """What it advises is done at the keyboard, so that it says nothing of what ran with nobody there."""
    version: ClassVar[int] = 1
    """Raise it when the rule finds something else than before, so that kept findings are found again."""

    def is_on(self, settings: InsightSettings) -> bool:
        return bool(self.thresholds[0].of(settings))

    def is_enough(self, findings: Sequence[Finding]) -> bool:
        """Whether findings with equal keys say something together: all of a period, and what others leave of them."""
        return True

    @abstractmethod
    def words(self, findings: Sequence[Finding]) -> Words:
        """The insight that one or more findings with equal keys make, the most expensive first. No markup."""


class InsightRule(AnyInsightRule):
    """A rule on one session."""

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        """Whether a session with these signs needs a look; False only where `find` would find nothing that cost."""
        return True

    @abstractmethod
    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        """What it finds in a session. Called only if the rule is on."""

    def finding(
        self,
        work: SessionWork,
        calls: Iterable[CallFacts],
        *,
        key: str,
        saves_nano: int = 0,
        saved: Mapping[str, int] | None = None,
        shares: Mapping[str, int] | None = None,
        sure: Sure = "measured",
        turn_id: str | None = None,
        each: Mapping[str, Mapping[str, int]] | None = None,
        **figures: int | str,
    ) -> Finding:
        """A finding about some calls of a session; its cost is the exact sum of theirs.

        If it has only a part of each call's cost, `shares` has those in nano-dollars by call. `saved` says in the same
        way what would be saved; `saves_nano` is for a sum that no call has a part of. `each` has further figures by
        name and call (see `call_figures.py`), 0 for a call that is missing in one.

        The figure `count` is the number of calls, also where a period has only some of them. Without a turn, it is
        shown at that of its last call. Raises ValueError without a call.
        """
        paid = sorted({call.id: call for call in calls}.values(), key=lambda call: (call.created_ms, call.id))
        if not paid:
            raise ValueError("a finding needs a call")
        nanos = {call.id: call.cost_nano if shares is None else shares[call.id] for call in paid}
        cost, own = sum(nanos.values()), dict(each or {})
        if shares is not None:
            own[SHARE] = nanos
        if saved is not None:
            own[SAVED] = {id: min(saved.get(id, 0), nano) for id, nano in nanos.items()}
            saves_nano = sum(own[SAVED].values())
        lists = {named(name): listed(of.get(id, 0) for id in nanos) for name, of in own.items()}
        return Finding(
            rule=self.name,
            key=key,
            session_id=work.id,
            turn_id=paid[-1].turn_id if turn_id is None else turn_id,
            calls=tuple(call.id for call in paid),
            cost_nano=cost,
            saves_nano=max(0, min(saves_nano, cost)),
            first_ms=paid[0].created_ms,
            last_ms=paid[-1].created_ms,
            sure=sure,
            figures={"count": len(paid), **lists, **figures},
            title=work.title,
        )

    def finding_on(
        self,
        work: SessionWork,
        children: Iterable[ChildWork],
        *,
        key: str,
        saves_nano: int = 0,
        saved: Mapping[str, int] | None = None,
        groups: Mapping[str, Mapping[str, int]] | None = None,
        turn_id: str = "",
        sure: Sure = "estimated",
        **figures: int | str,
    ) -> Finding:
        """A finding about one or more subagents of a session; its cost is the exact sum of theirs.

        Each call has the number of its subagent as the figure `child`. `saved` has the nano-dollars that would be saved
        by call; `groups` a number by subagent's id, which its calls have as a figure of that name.
        """
        them = tuple(children)
        cost, calls = sum(child.nano for child in them), tuple(id for child in them for id in child.call_ids)
        own = {"child": [place for place, child in enumerate(them, 1) for _ in child.call_ids]}
        for name, of in (groups or {}).items():
            own[name] = [of.get(child.id, 0) for child in them for _ in child.call_ids]
        if saved is not None:
            own[SAVED] = [saved.get(id, 0) for id in calls]
            saves_nano = sum(own[SAVED])
        lists = {named(name): listed(numbers) for name, numbers in own.items()}
        return Finding(
            rule=self.name,
            key=key,
            session_id=work.id,
            turn_id=turn_id,
            calls=calls,
            cost_nano=cost,
            saves_nano=max(0, min(saves_nano, cost)),
            first_ms=min(child.started_ms for child in them),
            last_ms=max(child.last_ms for child in them),
            sure=sure,
            figures={"count": len(calls), **lists, **figures},
            title=work.title,
        )


class PeriodRule(AnyInsightRule):
    """A rule on a whole period, for what no single session shows."""

    reach: ClassVar[Reach] = "period"

    @abstractmethod
    def find(self, work: PeriodWork, settings: InsightSettings) -> Iterator[Finding]:
        """What it finds in a period. Called only if the rule is on. Its findings may leave out the calls' ids."""

    def finding(
        self,
        span: Span,
        *,
        key: str,
        cost_nano: int,
        saves_nano: int = 0,
        sure: Sure = "measured",
        session_id: str = "",
        title: str = "",
        quarters: Iterable[QuarterCost] = (),
        is_undone: bool = False,
        **figures: int | str,
    ) -> Finding:
        """A finding about what was spent in a span, in one session if it names one.

        `quarters` say where its cost is; without them it is that of all calls of its session, of the undone ones if
        `is_undone`, else of the others.
        """
        saves = max(0, min(saves_nano, cost_nano))
        amounts, times = (cost_nano, saves), (span.start_ms, span.end_ms)
        where_spent = tuple(quarters), is_undone
        return Finding(self.name, key, session_id, "", (), *amounts, *times, sure, figures, title, *where_spent)


def project_file_key(work: SessionWork, file: str) -> str:
    """A key for a file of a session: a relative path is one in its directory, as other projects have such files too."""
    return in_folder(file, work.directory or work.project)


def where(findings: Sequence[Finding]) -> str:
    """The sessions of some findings as text: `"Fix header"`, or `"Fix header" and 2 more sessions`."""
    titles = list(dict.fromkeys((finding.session_id, finding.title) for finding in findings))
    first, more = f"{in_quotes(titles[0][1])}", len(titles) - 1
    if not more:
        return first
    return f"{first} and {more} more session{'s' if more > 1 else ''}"


def were(count: int) -> str:
    """`was` for one, else `were`."""
    return "was" if count == 1 else "were"


def cost_and_saving(findings: Sequence[Finding]) -> tuple[int, int]:
    """(what findings cost, what they would save) in nano-dollars; in a period, that is the part that lies in it."""
    return sum(finding.cost_nano for finding in findings), sum(finding.saves_nano for finding in findings)


def figure(finding: Finding, name: str) -> int:
    """A number among a finding's figures; 0 if it is missing."""
    value = finding.figures.get(name, 0)
    return value if isinstance(value, int) else 0
