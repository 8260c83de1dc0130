"""Pure functions over records. Nothing here reads the time, a file or a database."""
