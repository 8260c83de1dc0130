"""Stores that the real OpenCode wrote: what a report says of undone and deleted calls is what `reconcile` says."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from opencode_tui.analysis.report_periods import ReportPeriod
from opencode_tui.config.settings import Settings
from opencode_tui.readings.context import context_of
from opencode_tui.readings.insights import period_work, settle_insights
from opencode_tui.readings.reconcile import read_reconciliation
from opencode_tui.readings.report import read_report
from opencode_tui.records import causes
from opencode_tui.records.cost_report import Aside
from opencode_tui.records.requests import ReconcileRequest
from tests.support.ledgers import reader

SAMPLES = Path(__file__).parents[1] / "samples"
SETTINGS = Settings(timezone="UTC")
NONE = Aside(0, 0)


@pytest.mark.parametrize(
    ("name", "undone", "deleted"),
    [
        ("opencode-1.18.34-before-upgrade", Aside(2, 13_602_050), NONE),
        ("opencode-2.0.15-just-upgraded", NONE, NONE),
        ("opencode-2.0.15-fresh", Aside(1, 22_360_250), Aside(1, 9_893_750)),
    ],
)
def test_a_report_has_beside_its_total_what_reconcile_has(
    name: str, undone: Aside, deleted: Aside, tmp_path: Path
) -> None:
    data_dir = tmp_path / "opencode"
    data_dir.mkdir()
    (data_dir / "opencode.db").write_bytes(gzip.decompress((SAMPLES / f"{name}.db.gz").read_bytes()))
    ours = reader(data_dir, settings=SETTINGS)
    ours.poll()
    settle_insights(ours.ledger, {}, live=ours.sync)
    now = ours.sync.read_ms or 0
    period = ReportPeriod(date(2026, 1, 1), date(2026, 12, 31), "2026")
    context = context_of(ours.sync, ours.ledger.connection, now, SETTINGS, ours.sync.states)
    report = read_report(period, context)
    assert (report.asides.undone, report.asides.deleted) == (undone, deleted)
    figures = {each.name: each for each in read_reconciliation(ReconcileRequest(), context).figures}
    explained = {each.cause: Aside(each.calls, each.nano) for each in figures["stats"].explained}
    assert explained.get(causes.UNDONE_CALLS, NONE) == undone and explained.get(causes.DELETED, NONE) == deleted
    shares = period_work(context.calendar.span(period.first, period.last), context).sessions
    nano, calls = sum(each.undone_nano for each in shares), sum(each.undone_calls for each in shares)
    assert Aside(calls, nano) == undone
    ours.close()
