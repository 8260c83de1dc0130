"""Our own store: every billed call once and for ever, in one SQLite file."""
