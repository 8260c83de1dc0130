"""The ledger's tables, as one script a migration; `opencode_tui/ledger/migrations.py` runs them."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.ledger.first_schema import FIRST_SCRIPTS
from opencode_tui.ledger.sums import BUCKET, SUMS_OF_SESSIONS

# What OpenCode's services answered last, and the percents of a quota that were seen, with what the ledger had of that
# window at that moment (`sums`: nano-dollars by model, as JSON); see ledger/services.py and ledger/quota_readings.py.
_V13 = """
CREATE TABLE service (
  name TEXT PRIMARY KEY, asked_as TEXT NOT NULL, asked_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL,
  failures INTEGER NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL, answered_ms INTEGER, answer TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE quota_reading (
  plan TEXT NOT NULL, window TEXT NOT NULL, at_ms INTEGER NOT NULL, resets_ms INTEGER NOT NULL,
  percent INTEGER NOT NULL, is_limited INTEGER NOT NULL, sums TEXT NOT NULL, PRIMARY KEY (plan, window, at_ms)
) STRICT, WITHOUT ROWID;
"""

# The lines that an edit changed; see source/changed_lines.py. Uses read by older versions have none.
_V14 = """
ALTER TABLE tool ADD COLUMN added INTEGER;
ALTER TABLE tool ADD COLUMN removed INTEGER;
"""

# What a person decided about an insight: dismissed until a moment or for ever, or done; see ledger/insight_marks.py.
_V15 = """
CREATE TABLE insight_mark (
  rule TEXT NOT NULL, key TEXT NOT NULL, title TEXT NOT NULL, lever TEXT NOT NULL, marked_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('dismissed', 'done')), until_ms INTEGER,
  cost_nano INTEGER NOT NULL, saves_nano INTEGER NOT NULL, PRIMARY KEY (rule, key)
) STRICT, WITHOUT ROWID;
"""

# The databases that calls are pushed to, and which calls still have to be; see ledger/unpushed_calls.py. `revision` is
# the last one that a database has taken, `holder` the process that is pushing. A call stands in `unpushed` by the time
# that a database knows it by, so that one that is gone, or moved, is corrected there.
_V16 = """
CREATE TABLE push_target (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL DEFAULT 0, pushed_ms INTEGER,
  holder TEXT NOT NULL DEFAULT '', lease_until_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE unpushed (
  number INTEGER PRIMARY KEY AUTOINCREMENT, target_id INTEGER NOT NULL REFERENCES push_target(id),
  created_ms INTEGER NOT NULL, call_id TEXT NOT NULL, UNIQUE (target_id, created_ms, call_id)
) STRICT;
"""

# What a database knows besides the calls, as JSON: the days whose sums are lower bounds, and since then what
# ledger/unpushed_calls.py adds to it. Empty if that has to be asked.
_V17 = "ALTER TABLE push_target ADD COLUMN gaps TEXT NOT NULL DEFAULT ''"

# The calls that a store was found to have no longer, of sessions that it still has; see ledger/known_undone.py. The
# part `undone` of `changed_work` has the sessions for which it has to be asked, at first all of an older ledger. A
# compaction of OpenCode 2 is a turn of its own; older versions had it in the one before.
_V18 = """
CREATE TABLE undone_call (call_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO changed_work (part, session_id) SELECT DISTINCT 'undone', session_id FROM session_sum;
UPDATE call SET turn_id = id WHERE agent = 'compaction' AND turn_id <> id
  AND session_id IN (SELECT s.id FROM session s WHERE s.rank = 2)
  AND EXISTS (SELECT 1 FROM call o INDEXED BY call_session
    WHERE o.session_id = call.session_id AND o.turn_id = call.turn_id AND o.agent <> 'compaction');
"""

# The sums of whole four weeks; see ledger/buckets.py. A bucket counts as long as it stands in `bucket`.
_MOVED = f"DELETE FROM bucket WHERE +number IN (SELECT {BUCKET} FROM call_sum WHERE session_id = new.id)"
_V19 = f"""
CREATE TABLE bucket (
  part TEXT NOT NULL, number INTEGER NOT NULL, keys INTEGER NOT NULL, PRIMARY KEY (part, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE bucket_sum (
  part TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
  agent TEXT NOT NULL, directory TEXT NOT NULL, project TEXT NOT NULL, kind TEXT NOT NULL,
  calls INTEGER NOT NULL, aborted INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL, list_nano INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
  input_nano INTEGER NOT NULL, output_nano INTEGER NOT NULL, cache_nano INTEGER NOT NULL, saved_nano INTEGER NOT NULL,
  uses INTEGER, failures INTEGER, tool_ms INTEGER, edit_turns INTEGER, one_shots INTEGER, edit_retries INTEGER,
  sessions TEXT, turns TEXT, speeds TEXT,
  PRIMARY KEY (part, number, name, provider, model, agent, directory, project, kind)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER session_came AFTER INSERT ON session BEGIN {_MOVED}; END;
CREATE TRIGGER session_moved AFTER UPDATE OF parent_id, project, unattended ON session
  WHEN (old.parent_id IS NULL) <> (new.parent_id IS NULL) OR old.project <> new.project
    OR old.unattended <> new.unattended
  BEGIN {_MOVED}; END;
DROP INDEX session_parent;
CREATE INDEX session_parent ON session(parent_id, id) WHERE parent_id IS NOT NULL
"""

# The files whose content a command showed; see ledger/tool_files.py. Uses read by older versions have none. Undone
# calls that still had their row when the store was asked; see ledger/known_undone.py.
_V20 = """
ALTER TABLE tool ADD COLUMN files TEXT;
ALTER TABLE undone_call ADD COLUMN has_row INTEGER NOT NULL DEFAULT 0
"""

# All sums of a session, as the sums by quarter of an hour have them. The index has all but the long texts.
_V21 = f"""
DROP TABLE session_sum;
CREATE TABLE session_sum (
  session_id TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, agent TEXT NOT NULL,
  first_quarter INTEGER NOT NULL, last_quarter INTEGER NOT NULL,
  calls INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, aborted INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL, list_nano INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
  input_nano INTEGER NOT NULL, output_nano INTEGER NOT NULL, cache_nano INTEGER NOT NULL, saved_nano INTEGER NOT NULL,
  turns TEXT, speeds TEXT, costs TEXT, PRIMARY KEY (session_id, provider, model, agent)
) STRICT;
CREATE INDEX session_sum_quarters ON session_sum(
  last_quarter, first_quarter, session_id, provider, model, agent, first_ms, last_ms, calls, aborted, cost_nano,
  list_nano, input_nano, output_nano, cache_nano, saved_nano, input, output, reasoning, cache_read, cache_write);
{SUMS_OF_SESSIONS.format("true")}
"""

# The sessions that changed, in order; see ledger/session_changes.py. Nothing but the oldest changes is ever deleted, so
# that numbers only grow.
_FACTS = ("parent_id", "fork_of", "title", "directory", "project", "created_ms", "archived_ms", "present")
_NOTE_CHANGE = "BEGIN INSERT INTO session_change (session_id) VALUES ({}); END"
_V22 = f"""
CREATE TABLE session_change (number INTEGER PRIMARY KEY, session_id TEXT NOT NULL) STRICT;
CREATE TRIGGER session_noted_new AFTER INSERT ON session {_NOTE_CHANGE.format("new.id")};
CREATE TRIGGER session_noted_gone AFTER DELETE ON session {_NOTE_CHANGE.format("old.id")};
CREATE TRIGGER session_noted AFTER UPDATE OF {", ".join(_FACTS)} ON session
  WHEN {" OR ".join(f"old.{name} IS NOT new.{name}" for name in _FACTS)} {_NOTE_CHANGE.format("new.id")};
CREATE TRIGGER sums_noted AFTER DELETE ON unsummed {_NOTE_CHANGE.format("old.session_id")};
CREATE TRIGGER turns_noted AFTER DELETE ON changed_work WHEN old.part = 'turns'
  {_NOTE_CHANGE.format("old.session_id")}
"""

SCRIPTS = {
    **FIRST_SCRIPTS,
    "m013_quotas": _V13,
    "m014_changed_lines": _V14,
    "m015_marks_of_insights": _V15,
    "m016_pushes": _V16,
    "m017_pushed_gaps": _V17,
    "m018_undone_calls": _V18,
    "m019_buckets": _V19,
    "m020_files_of_commands_and_undos": _V20,
    "m021_all_sums_of_sessions": _V21,
    "m022_changes_of_sessions": _V22,
}
"""The name that a ledger notes for each migration, and what it runs, in order."""

LATEST = len(SCRIPTS)


def statements(script: str) -> Iterator[str]:
    """Splits a script, as `executescript` would commit the transaction around all migrations."""
    return (statement for statement in script.split(";\n") if statement.strip())
