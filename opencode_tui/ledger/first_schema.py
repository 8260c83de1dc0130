"""The ledger's tables up to the work of turns, as one script a migration; `ledger/schema.py` has the later ones."""

from __future__ import annotations

from opencode_tui.ledger.changed_work import NOTE_ALL
from opencode_tui.ledger.sums import NEWEST_CALLS

_V1 = """
CREATE TABLE machine (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- One of OpenCode's stores, and how far it has been read. `turns` counts the moves of the cursor: a reader
-- that finds it moved by another process starts again from there.
CREATE TABLE store (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, cursor TEXT, turns INTEGER NOT NULL DEFAULT 0
) STRICT;

-- `rank` is that of the store that tells the session; `present` is 0 once that store has it no more.
CREATE TABLE session (
  id TEXT PRIMARY KEY, parent_id TEXT, fork_of TEXT, title TEXT NOT NULL, directory TEXT NOT NULL,
  project TEXT NOT NULL, version TEXT NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
  archived_ms INTEGER, store_id INTEGER NOT NULL REFERENCES store(id), rank INTEGER NOT NULL,
  present INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX session_parent ON session(parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX session_fork ON session(fork_of) WHERE fork_of IS NOT NULL;

-- Rates that made an amount, in nano-dollars per million tokens.
CREATE TABLE rates (
  id INTEGER PRIMARY KEY, input INTEGER NOT NULL, output INTEGER NOT NULL, cache_read INTEGER NOT NULL,
  cache_write INTEGER NOT NULL, source TEXT NOT NULL, UNIQUE (input, output, cache_read, cache_write, source)
) STRICT;

-- `amount_nano` is what the call's tokens cost, fixed when it completed; `cost_nano` is what was spent on it,
-- which is nothing for a copy. `copy_of` is the origin that the store names, `copied_from` the call that paid.
-- The three parts add up to the amount, or are NULL where no rates are known.
CREATE TABLE call (
  id TEXT PRIMARY KEY, session_id TEXT NOT NULL, turn_id TEXT,
  machine_id INTEGER NOT NULL REFERENCES machine(id), store_id INTEGER NOT NULL REFERENCES store(id),
  provider TEXT NOT NULL, model TEXT NOT NULL, agent TEXT NOT NULL, directory TEXT NOT NULL,
  created_ms INTEGER NOT NULL, completed_ms INTEGER,
  input INTEGER NOT NULL, output INTEGER NOT NULL, reasoning INTEGER NOT NULL,
  cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
  recorded_nano INTEGER NOT NULL, amount_nano INTEGER NOT NULL, basis TEXT NOT NULL,
  rates_id INTEGER REFERENCES rates(id), list_nano INTEGER,
  input_nano INTEGER, output_nano INTEGER, cache_nano INTEGER,
  finish TEXT, error TEXT, copied INTEGER NOT NULL,
  copy_of TEXT, copied_from TEXT,
  cost_nano INTEGER GENERATED ALWAYS AS (CASE WHEN copied_from IS NULL THEN amount_nano ELSE 0 END) VIRTUAL
) STRICT;
CREATE INDEX call_created ON call(created_ms);
CREATE INDEX call_session ON call(session_id, created_ms);
CREATE INDEX call_copied ON call(created_ms) WHERE copied = 1;
CREATE INDEX call_copied_from ON call(copied_from) WHERE copied_from IS NOT NULL;
CREATE INDEX call_running ON call(store_id, created_ms) WHERE completed_ms IS NULL;

CREATE TABLE tool (
  id TEXT PRIMARY KEY, call_id TEXT NOT NULL, session_id TEXT NOT NULL, name TEXT NOT NULL,
  target TEXT NOT NULL, ok INTEGER, duration_ms INTEGER, child_session_id TEXT
) STRICT;
CREATE INDEX tool_call ON tool(call_id);
CREATE INDEX tool_child ON tool(child_session_id) WHERE child_session_id IS NOT NULL;

CREATE TABLE unreadable (
  store_id INTEGER NOT NULL REFERENCES store(id), kind TEXT NOT NULL, id TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (store_id, kind, id)
) STRICT;
"""

# A row is an alert that fired, and is never deleted, so that the alert does not fire twice. `mark` is the value that a
# new alert has to exceed: the line if it fires once per period, the time of the crossing if the rule is rearmed.
_V2 = """
CREATE TABLE alert (
  id INTEGER PRIMARY KEY, fired_ms INTEGER NOT NULL, rule TEXT NOT NULL, kind TEXT NOT NULL, level TEXT NOT NULL,
  subject TEXT NOT NULL, period TEXT NOT NULL, mark INTEGER NOT NULL, value INTEGER NOT NULL,
  line INTEGER NOT NULL, at_ms INTEGER NOT NULL, session_id TEXT, about TEXT NOT NULL,
  cause TEXT NOT NULL, cause_session_id TEXT, cause_turn_id TEXT, cause_nano INTEGER NOT NULL,
  cause_found INTEGER NOT NULL, text TEXT NOT NULL,
  seen_ms INTEGER, snoozed_until_ms INTEGER, acknowledged_ms INTEGER,
  UNIQUE (rule, subject, period, level, mark)
) STRICT;
CREATE INDEX alert_fired ON alert(fired_ms);
CREATE INDEX alert_unseen ON alert(fired_ms) WHERE seen_ms IS NULL;

CREATE TABLE alert_told (
  alert_id INTEGER NOT NULL REFERENCES alert(id), channel TEXT NOT NULL, at_ms INTEGER NOT NULL,
  ok INTEGER NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE INDEX alert_told_alert ON alert_told(alert_id);
"""


# Identifies equal uses of a tool in one session; see source/digest.py. Uses read by older versions have none.
_V3 = "ALTER TABLE tool ADD COLUMN digest INTEGER"

# `missing` names the fields of a call that could not be read; totals that include it are lower bounds.
# `settled` is 1 for a copy that pays because its original was gone; it keeps paying, whatever is found later.
# `streamed_ms` is when the answer had arrived; the tools ran from then until `completed_ms`.
# An unreadable row counts in the periods that contain `at_ms`, and in all periods if its time is unknown.
# `lease_ms` is when the lease of the process importing a store expires; the process renews it with each step.
_V4 = """
ALTER TABLE call ADD COLUMN variant TEXT;
ALTER TABLE call ADD COLUMN streamed_ms INTEGER;
ALTER TABLE call ADD COLUMN missing TEXT;
ALTER TABLE call ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
CREATE INDEX call_missing ON call(created_ms) WHERE missing IS NOT NULL;
CREATE INDEX call_unsettled ON call(created_ms) WHERE copied = 1 AND copied_from IS NULL AND settled = 0;
ALTER TABLE unreadable ADD COLUMN at_ms INTEGER;
CREATE INDEX unreadable_at ON unreadable(at_ms);
ALTER TABLE store ADD COLUMN lease_ms INTEGER;
"""

# `delivery` has a row for each channel that has to deliver an alert; see ledger/deliveries.py. Older alerts have none.
# `chore` names work on the whole file that remains after a migration; see ledger/cleaning.py.
_V5 = """
CREATE TABLE delivery (
  alert_id INTEGER NOT NULL REFERENCES alert(id), channel TEXT NOT NULL, tries INTEGER NOT NULL,
  holder TEXT NOT NULL, lease_until_ms INTEGER NOT NULL, done INTEGER NOT NULL, PRIMARY KEY (alert_id, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_waiting ON delivery(alert_id) WHERE done = 0;
ALTER TABLE alert_told ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE alert ADD COLUMN snoozed_ms INTEGER;
CREATE TABLE chore (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
"""

# The sums of the calls by quarter of an hour; see ledger/sums.py. `turns` holds the ids of the turns as JSON strings,
# `costs` the time and cost of each call that cost something, both without the brackets of a JSON list, so that
# concatenated ones are lists as well. Not summed yet are the calls whose row is after `upto`, and those in the quarters
# of `unsummed`. New calls are found by their row, as a trigger on INSERT would make an import an eighth slower.
_QUARTER = "{0}.created_ms / 900000 - ({0}.created_ms % 900000 < 0)"
# Not INSERT OR IGNORE: in a trigger, the conflict clause of the statement that fired it holds instead.
_NOTE = f"""INSERT INTO unsummed (quarter, session_id) SELECT {_QUARTER}, {{0}}.session_id WHERE NOT EXISTS (
    SELECT 1 FROM unsummed u WHERE u.quarter = {_QUARTER} AND u.session_id = {{0}}.session_id)"""
_NOTE_TOOL = f"""INSERT INTO unsummed (quarter, session_id) SELECT {_QUARTER.format("c")}, c.session_id FROM call c
    WHERE c.id = {{0}}.call_id AND NOT EXISTS (
      SELECT 1 FROM unsummed u WHERE u.quarter = {_QUARTER.format("c")} AND u.session_id = c.session_id)"""
_V6 = f"""
CREATE TABLE call_sum (
  quarter INTEGER NOT NULL, session_id TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
  agent TEXT NOT NULL, directory TEXT NOT NULL,
  calls INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, aborted INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL, list_nano INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
  input_nano INTEGER NOT NULL, output_nano INTEGER NOT NULL, cache_nano INTEGER NOT NULL,
  turns TEXT, costs TEXT, PRIMARY KEY (quarter, session_id, provider, model, agent, directory)
) STRICT, WITHOUT ROWID;
CREATE TABLE unsummed (
  quarter INTEGER NOT NULL, session_id TEXT NOT NULL, PRIMARY KEY (quarter, session_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE summed (upto INTEGER NOT NULL) STRICT;
INSERT INTO summed (upto) VALUES (0);
CREATE TRIGGER call_changed AFTER UPDATE ON call BEGIN
  {_NOTE.format("old")}; {_NOTE.format("new")}; END;
CREATE TRIGGER call_deleted AFTER DELETE ON call BEGIN
  {_NOTE.format("old")}; UPDATE summed SET upto = min(upto, (SELECT coalesce(max(rowid), 0) FROM call)); END;
"""

# What to do about the cause. Alerts of older versions have nothing.
_V7 = "ALTER TABLE alert ADD COLUMN remedy TEXT NOT NULL DEFAULT ''"

# The sums of each session, and its newest call with a context; see ledger/sums.py. The former are filled by _V21.
_V8 = f"""
CREATE TABLE session_sum (
  session_id TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, agent TEXT NOT NULL,
  first_quarter INTEGER NOT NULL, last_quarter INTEGER NOT NULL,
  calls INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, reasoning INTEGER NOT NULL,
  cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
  turns TEXT, costs TEXT, PRIMARY KEY (session_id, provider, model, agent)
) STRICT;
CREATE INDEX session_sum_quarters ON session_sum(last_quarter, first_quarter);
CREATE INDEX call_sum_session ON call_sum(session_id);
CREATE TABLE newest_call (
  session_id TEXT PRIMARY KEY, created_ms INTEGER NOT NULL, context INTEGER NOT NULL, provider TEXT NOT NULL,
  model TEXT NOT NULL, directory TEXT NOT NULL
) STRICT;
{NEWEST_CALLS.format("call")};
"""

# Calls of stores that are being read from the start again, until their sums are read; see ledger/reread_calls.py.
_V9 = """
CREATE TABLE reread (store_id INTEGER PRIMARY KEY REFERENCES store(id)) STRICT;
CREATE TABLE reread_call (
  number INTEGER PRIMARY KEY, store_id INTEGER NOT NULL, call_id TEXT NOT NULL, UNIQUE (store_id, call_id)
) STRICT;
"""

# What the breakdown needs beside: what the cache saved, how long the calls took (`speeds`, see ledger/sums.py), and the
# sums of the calls that asked for each tool. All is summed again when the ledger is opened. A session that
# `opencode run` began is `unattended`.
_V10 = f"""
ALTER TABLE session ADD COLUMN unattended INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call_sum ADD COLUMN saved_nano INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call_sum ADD COLUMN speeds TEXT;
CREATE TABLE tool_sum (
  quarter INTEGER NOT NULL, session_id TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
  agent TEXT NOT NULL, directory TEXT NOT NULL, name TEXT NOT NULL,
  calls INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, aborted INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL, list_nano INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
  input_nano INTEGER NOT NULL, output_nano INTEGER NOT NULL, cache_nano INTEGER NOT NULL, saved_nano INTEGER NOT NULL,
  uses INTEGER NOT NULL, failures INTEGER NOT NULL, tool_ms INTEGER NOT NULL,
  turns TEXT, speeds TEXT, PRIMARY KEY (quarter, session_id, provider, model, agent, directory, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_failed ON call(created_ms) WHERE error IS NOT NULL;
CREATE TRIGGER tool_changed AFTER UPDATE ON tool BEGIN
  {_NOTE_TOOL.format("old")}; {_NOTE_TOOL.format("new")}; END;
CREATE TRIGGER tool_deleted AFTER DELETE ON tool BEGIN {_NOTE_TOOL.format("old")}; END;
DELETE FROM call_sum;
DELETE FROM session_sum;
UPDATE summed SET upto = 0;
"""

# The calls that were sent over OTLP, by signal (`traces` or `metrics`), and which process is sending; see
# ledger/sent_calls.py.
_V11 = """
CREATE TABLE sent_call (
  signal TEXT NOT NULL, call_id TEXT NOT NULL, PRIMARY KEY (signal, call_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE sender (
  id INTEGER PRIMARY KEY CHECK (id = 1), holder TEXT NOT NULL, lease_until_ms INTEGER NOT NULL
) STRICT;
"""

# What the turns were for (`turn`, and `task_sum` by quarter of an hour as `tool_sum`), and what the insight rules found
# in sessions; see ledger/turns.py and ledger/findings.py. `changed_work` has the sessions for which a part, `turns` or
# `findings`, is behind; `work_stamp` says by which rules a part was made. The edits of a turn count at `edit_call_id`,
# its first call that edited a file. The `calls` of a finding are a JSON list of ids, `figures` a JSON object.
_V12 = f"""
CREATE TABLE turn (
  session_id TEXT NOT NULL, turn_id TEXT NOT NULL, task TEXT NOT NULL,
  started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL, calls INTEGER NOT NULL, cost_nano INTEGER NOT NULL,
  edits INTEGER NOT NULL, retries INTEGER NOT NULL, one_shot INTEGER, edit_call_id TEXT,
  PRIMARY KEY (session_id, turn_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE task_sum (
  quarter INTEGER NOT NULL, session_id TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
  agent TEXT NOT NULL, directory TEXT NOT NULL, task TEXT NOT NULL,
  calls INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, aborted INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL, list_nano INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
  input_nano INTEGER NOT NULL, output_nano INTEGER NOT NULL, cache_nano INTEGER NOT NULL, saved_nano INTEGER NOT NULL,
  edit_turns INTEGER NOT NULL, one_shots INTEGER NOT NULL, edit_retries INTEGER NOT NULL,
  turns TEXT, speeds TEXT, PRIMARY KEY (quarter, session_id, provider, model, agent, directory, task)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_sum_session ON task_sum(session_id);
CREATE TABLE finding (
  session_id TEXT NOT NULL, rule TEXT NOT NULL, key TEXT NOT NULL, turn_id TEXT NOT NULL, calls TEXT NOT NULL,
  cost_nano INTEGER NOT NULL, saves_nano INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
  sure TEXT NOT NULL, figures TEXT NOT NULL, PRIMARY KEY (session_id, rule, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_last ON finding(last_ms);
CREATE TABLE changed_work (
  part TEXT NOT NULL, session_id TEXT NOT NULL, PRIMARY KEY (part, session_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE work_stamp (part TEXT PRIMARY KEY, stamp TEXT NOT NULL) STRICT, WITHOUT ROWID;
{NOTE_ALL}
"""

FIRST_SCRIPTS = {
    "m001_first_ledger": _V1,
    "m002_alerts": _V2,
    "m003_digest": _V3,
    "m004_lower_bounds": _V4,
    "m005_deliveries_and_known_words": _V5,
    "m006_sums_of_calls": _V6,
    "m007_remedies": _V7,
    "m008_sums_of_sessions": _V8,
    "m009_rereads": _V9,
    "m010_sums_of_tools": _V10,
    "m011_sent_calls": _V11,
    "m012_work_of_turns": _V12,
}
"""The first migrations by name, in order."""
