"""What a period is held against: the days that are over, of the seats whose ledgers had begun."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from opencode_tui.analysis.report_periods import parse_month, parse_week
from opencode_tui.records.team import TeamReport
from opencode_tui.report import team_words as words
from tests.support.seats import UTC_DAYS, Addition, Paid, put_calls, seat, team_of

WEEK, MONTH = parse_week("2026-W20"), parse_month("2026-05")
USD = 1_000_000_000
WEDNESDAY_AT_NINE = int(datetime(2026, 5, 13, 9, 0, tzinfo=UTC).timestamp() * 1000)
OPUS = "anthropic/claude-opus-4-5"


def paid(name: str, **usd_by_day: int) -> list[Paid]:
    """A call on each of these days, such as `may_4=1`."""
    days = {key: f"2026-{'04' if key.startswith('apr') else '05'}-{int(key[4:]):02}" for key in usd_by_day}
    return [Paid(f"{name}_{key}", f"{days[key]} 08:00", usd * USD) for key, usd in usd_by_day.items()]


def running(home: Path) -> Addition:
    """On a Wednesday: $1, $2 and $10 up to that day last week, $1 and $5 this week, and $20 this morning."""
    calls = paid("a", may_4=1, may_5=2, may_6=10, may_7=30, may_11=1, may_12=5)
    calls.append(Paid("today", "2026-05-13 08:00", 20 * USD, model=OPUS))
    team = team_of(home, anna=put_calls(home / "anna.db", calls, machine="anna"))
    team.now_ms = WEDNESDAY_AT_NINE
    return team


def test_a_running_week_is_held_against_the_days_that_are_over(tmp_path: Path) -> None:
    report = running(tmp_path).report(WEEK)
    assert (report.total_nano, report.before_nano) == (26 * USD, 3 * USD)
    assert report.change_of(seat(report, "anna")) == 3 * USD
    said = words.against_period_before(report)
    assert said == "up to Tue 12 May $3.00 (100%) more than in week 2026-W19 up to Tue 5 May"
    (change,) = report.changes
    assert (change.nano, change.model) == (3 * USD, "opencode/kimi-k2.6"), "the dear model's day is not over yet"
    (_, about), *_ = words.seat_rows(seat(report, "anna"), report, UTC_DAYS)
    assert about == "anna: $26.00, up to Tue 12 May +$3.00 against week 2026-W19 up to Tue 5 May"


def test_the_first_day_of_a_week_is_not_compared(tmp_path: Path) -> None:
    team = running(tmp_path)
    team.now_ms = WEDNESDAY_AT_NINE - 2 * 86_400_000
    report = team.report(WEEK)
    assert report.changes == ()
    assert words.against_period_before(report) == (
        "no day is over yet to hold against week 2026-W19, which was $43.00 in all"
    )
    assert words.average_text(report, UTC_DAYS) == "no average yet, as no day is over"


def test_the_average_is_over_the_days_that_are_over(tmp_path: Path) -> None:
    assert words.average_text(running(tmp_path).report(WEEK), UTC_DAYS) == "$3.00 a seat a day on average"


def newcomers(home: Path) -> TeamReport:
    """Anna has been there since April, ben since the last week, and carl's ledger begins on this Tuesday."""
    calls = {
        "anna": paid("a", apr_1=9, may_4=2, may_11=3),
        "ben": paid("b", may_6=4, may_11=1),
        "carl": paid("c", may_12=30),
    }
    files = {name: put_calls(home / f"{name}.db", found, machine=name) for name, found in calls.items()}
    return team_of(home, **files).report(WEEK)


def test_a_ledger_that_began_later_is_no_growth(tmp_path: Path) -> None:
    report = newcomers(tmp_path)
    changes = {found.name: report.change_of(found) for found in report.seats}
    assert changes == {"anna": USD, "ben": None, "carl": None}
    assert words.against_period_before(report) == (
        "$1.00 (50%) more than in week 2026-W19, without 2 seats whose spend then is not known"
    )
    assert [(change.seat, change.nano) for change in report.changes] == [("anna", USD)]
    assert words.changes_head(report) == "1 of 1 seat accounts for 100% of what changed, ups and downs counted alike"
    rows = {found.name: words.seat_rows(found, report, UTC_DAYS)[0][1] for found in report.seats}
    assert rows["carl"] == "carl: $30.00; week 2026-W19 is before the ledger, which begins on Tue 12 May 2026"
    assert rows["ben"] == "ben: $1.00; week 2026-W19 was $4.00 from Wed 6 May 2026 on, where the ledger begins"


def test_a_week_without_calls_of_an_older_ledger_is_compared(tmp_path: Path) -> None:
    calls = paid("a", apr_1=9, may_11=3)
    report = team_of(tmp_path, anna=put_calls(tmp_path / "anna.db", calls, machine="anna")).report(WEEK)
    assert report.change_of(seat(report, "anna")) == 3 * USD


def test_a_period_before_all_ledgers_is_said(tmp_path: Path) -> None:
    calls = paid("a", may_12=30)
    report = team_of(tmp_path, anna=put_calls(tmp_path / "anna.db", calls, machine="anna")).report(WEEK)
    assert words.against_period_before(report) == (
        "week 2026-W19 is before the ledgers, which begin on Tue 12 May 2026"
    )
    assert report.changes == ()


def test_the_reports_of_one_day_have_one_forecast_of_the_month(tmp_path: Path) -> None:
    team = running(tmp_path)
    forecasts = [team.report(period).month for period in (parse_week("2026-W19"), WEEK, MONTH)]
    assert forecasts[0] is not None
    assert forecasts == [forecasts[0]] * 3
    assert forecasts[0].spent_nano == 49 * USD, "of all days that are over, also those after an older week"


def with_a_broken_seat(home: Path) -> TeamReport:
    team = running(home)
    (home / "dora.db").write_bytes((home / "anna.db").read_bytes()[:5000])
    seats = {**team.settings.team.seats, "dora": replace(team.settings.team.seats["anna"], path=home / "dora.db")}
    team.settings = replace(team.settings, team=replace(team.settings.team, seats=seats))
    return team.report(WEEK)


def test_a_seat_that_is_not_read_counts_nowhere_and_every_sum_says_so(tmp_path: Path) -> None:
    report = with_a_broken_seat(tmp_path)
    assert words.spent_by_team(report) == "≥$26.00"
    assert words.seats_text(report) == "1 seat, 1 not read"
    assert words.average_text(report, UTC_DAYS) == "$3.00 a seat a day on average"
    assert "without 1 seat whose spend then is not known" in words.against_period_before(report)
    assert words.forecast_text(report).endswith("; ≥$49.00 until 12 May")
    assert words.forecast_text(report).startswith("May 2026: ≥$")
    assert words.team_lines(report, UTC_DAYS)[1][2].startswith("May ≥$")
    (_, about), *_ = words.seat_rows(seat(report, "dora"), report, UTC_DAYS)
    assert about == "dora: not read"
