"""Stores that the real OpenCode wrote: what a report says of undone and deleted calls is what `reconcile` says."""

from __future__ import annotations

import gzip
import shutil
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
from opencode_tui.records.cost_report import Aside, CostReport
from opencode_tui.records.reconciliation import OpenCodeFigure
from opencode_tui.records.requests import ReconcileRequest
from opencode_tui.records.work import PeriodWork
from tests.support.ledgers import reader

SAMPLES = Path(__file__).parents[1] / "samples"
SETTINGS = Settings(timezone="UTC")
NONE = Aside(0, 0)


def told(data_dir: Path) -> tuple[CostReport, OpenCodeFigure, PeriodWork]:
    """(the report on a year, OpenCode's `stats` in `reconcile`, what the rules on a period look at)."""
    ours = reader(data_dir, settings=SETTINGS)
    ours.poll()
    settle_insights(ours.ledger, {}, live=ours.sync.answers)
    period = ReportPeriod(date(2026, 1, 1), date(2026, 12, 31), "2026")
    context = context_of(ours.sync, ours.ledger.connection, ours.sync.read_ms or 0, SETTINGS, ours.sync.states)
    figures = read_reconciliation(ReconcileRequest(), context).figures
    found = read_report(period, context), next(each for each in figures if each.name == "stats")
    work = period_work(context.calendar.span(period.first, period.last), context)
    ours.close()
    return *found, work


def of_cause(figure: OpenCodeFigure, cause: str) -> Aside:
    return next((Aside(each.calls, each.nano) for each in figure.explained if each.cause == cause), NONE)


@pytest.mark.parametrize(
    ("name", "undone", "with_row", "deleted"),
    [
        ("opencode-1.18.34-before-upgrade", Aside(2, 13_602_050), Aside(1, 8_260_900), NONE),
        ("opencode-2.0.15-just-upgraded", NONE, NONE, NONE),
        ("opencode-2.0.15-fresh", Aside(1, 22_360_250), Aside(1, 10_775_950), Aside(1, 9_893_750)),
    ],
)
def test_a_report_has_beside_its_total_what_reconcile_has(
    name: str, undone: Aside, with_row: Aside, deleted: Aside, tmp_path: Path
) -> None:
    """Insights have those as well that an undo took back and whose rows stay until the next prompt."""
    data_dir = tmp_path / "opencode"
    data_dir.mkdir()
    (data_dir / "opencode.db").write_bytes(gzip.decompress((SAMPLES / f"{name}.db.gz").read_bytes()))
    report, stats, work = told(data_dir)
    assert (report.asides.undone, report.asides.deleted) == (undone, deleted)
    assert (of_cause(stats, causes.UNDONE_CALLS), of_cause(stats, causes.DELETED)) == (undone, deleted)
    nano, calls = (sum(each.undone_nano for each in work.sessions), sum(each.undone_calls for each in work.sessions))
    assert Aside(calls, nano) == Aside(undone.calls + with_row.calls, undone.nano + with_row.nano)


@pytest.mark.parametrize("name", ["opencode-0.5", "opencode-0.5-by-1.0"])
def test_files_that_opencode_still_reads_have_no_deleted_session(name: str, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / name, tmp_path / "opencode")
    report, stats, work = told(tmp_path / "opencode")
    assert stats.explained == () and report.totals.spend_nano > 0
    assert report.asides.deleted == NONE and not any(session.deleted for session in report.sessions)
    assert work.sessions and not any(share.is_deleted for share in work.sessions)


def test_what_a_later_version_did_not_take_over_is_deleted(tmp_path: Path) -> None:
    data_dir = tmp_path / "opencode"
    shutil.copytree(SAMPLES / "opencode-0.5", data_dir)
    ours = reader(data_dir, settings=SETTINGS)
    ours.poll()
    assert ours.rows("SELECT DISTINCT present FROM session") == [(1,)]
    (data_dir / "storage" / "session" / "message").mkdir(parents=True)
    shutil.copytree(SAMPLES / "opencode-0.5-by-1.0" / "storage", data_dir / "storage", dirs_exist_ok=True)
    taken = next((data_dir / "storage" / "session").rglob("ses_*.json"))
    taken.unlink()
    ours.poll()
    assert ours.rows("SELECT present, count(*) FROM session GROUP BY 1")[0] == (0, 1)
    ours.close()
