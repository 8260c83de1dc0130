"""The parts of a finding in several spans are exactly the finding."""

from __future__ import annotations

from random import Random

from opencode_tui.analysis.call_figures import RUNS, SAVED, figures_of_calls
from opencode_tui.analysis.finding_parts import part_within
from opencode_tui.analysis.insights.parts import rounds_of
from opencode_tui.clock import Span
from tests.analysis.test_claims import of_rules
from tests.support.histories import history


def test_days_add_up_to_the_whole_in_any_history() -> None:
    cut = set()
    for seed in range(150):
        random = Random(seed)
        found, costs = of_rules(history(random))
        for each in found:
            times = sorted(costs[id][0] for id in each.calls)
            at = random.choice(times)
            spans = Span(times[0], at), Span(at, times[-1] + 1)
            within = [(span, part_within(each, span, costs)) for span in spans if span.start_ms < span.end_ms]
            parts = [part for _, part in within if part]
            if len(parts) < 2 and (rounds_of(each) or RUNS in each.figures):
                continue  # a part of only a first round is none
            assert sum(part.cost_nano for part in parts) == each.cost_nano, (seed, each.rule)
            if figures_of_calls(each, SAVED) or rounds_of(each):
                assert sum(part.saves_nano for part in parts) == each.saves_nano, (seed, each.rule)
                assert {part.sure for part in parts} == {each.sure}
            assert all(span.start_ms <= part.first_ms <= part.last_ms < span.end_ms for span, part in within if part)
            cut.add(each.rule)
    assert {"identical_calls", "large_inputs", "context_decay", "failed_calls"} <= cut
