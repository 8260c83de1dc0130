"""Whether an error says that another process has the ledger locked."""

from __future__ import annotations

import sqlite3


def is_busy(error: BaseException | None) -> bool:
    """Whether another process has the ledger locked."""
    code = getattr(error, "sqlite_errorcode", None) if isinstance(error, sqlite3.OperationalError) else None
    return code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
