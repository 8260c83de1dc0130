"""Our own store, one SQLite file: every billed call once, never deleted."""
