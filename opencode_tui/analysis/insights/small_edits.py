"""Small edits made on a model that costs a multiple of another one in use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from opencode_tui.analysis.call_figures import groups_left
from opencode_tui.analysis.cheaper_models import bare_name, cheaper_model, uncached
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, cost_and_saving, figure, where
from opencode_tui.analysis.long_context import calls_with_old_context
from opencode_tui.analysis.loops import is_edit
from opencode_tui.analysis.overhead import is_overhead
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.records.calls import EDIT_TOOLS, Tokens
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork, TurnWork

_TIMES = 2
_MOST_FILES = 2
_MOST_READ = 10_000
"""The most tokens that the turn added to the context by reading."""
_HARD = ("planning", "debugging", "refactoring", "review", "delegation")
"""Tasks that are more than their edits."""


class SmallEdits(InsightRule):
    """The cost is that of the turns that edited one or two files, read and wrote little, and in which nothing failed.

    They may be spread over sessions. A file that is written whole is a new one as a rule, and no small edit.
    Late turns of a long conversation do not count: they cost what they do because of what was said before.
    The other model is one that does regular work, see `cheaper_models`: nobody has to find out what it can do.
    """

    name = "small_edits"
    lever = "routing"
    is_for_a_person = True
    version = 4
    thresholds = (Threshold("small_edit_turns", 3), Threshold("small_edit_tokens", 1000))

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.edit_turns > 0

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least, most_written = (threshold.of(settings) for threshold in self.thresholds)
        if work.is_unattended:
            return
        found = {place: calls for place, turn in enumerate(work.turns) if (calls := _small(turn, most_written))}
        if not found:
            return
        old = calls_with_old_context(work, settings)
        small: dict[str, list[tuple[list[CallFacts], Tokens]]] = defaultdict(list)
        last: tuple[int, str] = (-1, "")
        for place, calls in found.items():
            if calls[0].id not in old:
                model = calls[0].model
                is_switch = place > 0 and last != (place - 1, model)
                small[model].append((calls, _tokens(calls, is_switch=is_switch)))
                last = place, model
        for model, turns in sorted(small.items()):
            calls = [call for of_turn, _ in turns for call in of_turn]
            cost = sum(call.cost_nano for call in calls)
            tokens = sum((each for _, each in turns), Tokens())
            context = max(call.tokens.context for call in calls)
            cheaper = cheaper_model(
                *(cost, tokens, work.rates),
                times=_TIMES,
                began_ms=work.started_ms,
                used=(model,),
                context=context,
                limits=work.limits,
            )
            if cheaper:
                yield self.finding(
                    *(work, calls),
                    key=f"{model} {cheaper.model}",
                    saves_nano=cost - cheaper.nano,
                    sure="estimated",
                    model=model,
                    cheaper=cheaper.model,
                    each={"turn": {call.id: number for number, (of, _) in enumerate(turns, 1) for call in of}},
                    most_written=max(_written(of_turn) for of_turn, _ in turns),
                    turns=len(turns),
                    least=least,
                )

    def is_enough(self, findings: Sequence[Finding]) -> bool:
        """Whether there are so many in the period, or in one of the sessions, which may go on beyond the period."""
        least = figure(findings[0], "least")
        return groups_left(findings, "turn") >= least or any(figure(each, "turns") >= least for each in findings)

    def words(self, findings: Sequence[Finding]) -> Words:
        turns = max(1, groups_left(findings, "turn"))
        cost, saves = cost_and_saving(findings)
        model, cheaper = (bare_name(str(findings[0].figures[name])) for name in ("model", "cheaper"))
        written = tokens_text(max(figure(finding, "most_written") for finding in findings))
        return Words(
            title=f"{plural(turns, 'small edit')} on {model}",
            what=(
                f"{plural(turns, 'turn')} of {where(findings)} edited one or two files at the first try and wrote at "
                f"most {written} tokens each, on {model}: {format_usd(cost)}"
            ),
            how=f"/models to {cheaper}, which you use anyway, for small edits, best in a session of its own by /new",
            sum_shown=(
                f"{format_usd(cost)} on {model}; the same tokens on {cheaper}, with no cache after each "
                f"switch: {format_usd(cost - saves)}"
            ),
        )


def _written(calls: Sequence[CallFacts]) -> int:
    return sum([call.tokens.output + call.tokens.reasoning for call in calls])


def _read(calls: Sequence[CallFacts]) -> int:
    """The tokens that the context grew by, beside what the calls themselves wrote."""
    return calls[-1].tokens.context - calls[0].tokens.context - _written(calls[:-1])


def _tokens(calls: Sequence[CallFacts], *, is_switch: bool) -> Tokens:
    """The calls' tokens; after a switch of the model, the first one finds nothing in the cache."""
    first, *rest = (call.tokens for call in calls)
    return sum(rest, uncached(first) if is_switch else first)


def _small(turn: TurnWork, most_written: int) -> list[CallFacts]:
    """The calls of a turn that is a small edit; none of any other turn."""
    if not turn.edits or turn.task in _HARD or "write" in [use.name for use in turn.tools]:
        return []
    calls = [call for call in turn.calls if not is_overhead(call)]
    if not 0 < _written(calls) <= most_written or _read(calls) > _MOST_READ:
        return []
    files = {use.target for use in turn.tools if use.name in EDIT_TOOLS and is_edit(use)}
    is_small = (
        bool(turn.id)
        and 0 < len(files) <= _MOST_FILES
        and len({call.model for call in calls}) == 1
        and not any(call.error for call in calls)
        and all(use.ok is True and use.child_session_id is None for use in turn.tools)
    )
    return calls if is_small else []


RULES = (SmallEdits(),)
