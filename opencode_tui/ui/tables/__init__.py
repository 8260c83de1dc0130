"""Tables: one engine, `RowTable`, and one module a table that lists its columns."""
