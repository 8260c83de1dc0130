"""Tables that OpenCode makes in a file which a long-lived process of ours has looked at before: they are found."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.stores import V1, V2
from tests.support.ledgers import reader


def test_an_upgrade_to_opencode_2_under_a_running_process_is_noticed(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.20")
    ours = reader(store.data_dir)
    with sqlite3.connect(store.database.path) as opened:  # 2.x has opened the file and has changed nothing yet
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("UPDATE project SET time_updated = time_updated + 1")
        opened.commit()
        ours.poll()
        upgraded = V2(tmp_path, upgraded=store)
        ours.poll()
        upgraded.call(upgraded.session("Next"), cost="0.31")
        ours.poll()
        ours.poll()
        assert ours.totals.spend_nano == 510_000_000
    opened.close()
    ours.close()


def test_a_file_that_had_no_tables_yet_is_looked_at_again(tmp_path: Path) -> None:
    template = V1(tmp_path / "other")
    template.call(template.session("Fix header"), cost="0.20")
    data_dir = tmp_path / "opencode"
    data_dir.mkdir()
    with sqlite3.connect(data_dir / "opencode.db") as opened:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("CREATE TABLE __drizzle_migrations (id INTEGER)")
        opened.commit()
        ours = reader(data_dir)
        ours.poll()
        ours.poll()
        with sqlite3.connect(template.database.path) as source:
            source.backup(opened)
        source.close()
        ours.poll()
        assert ours.totals.spend_nano == 200_000_000
    opened.close()
    ours.close()
