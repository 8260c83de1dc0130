"""Pure functions over records: what a day's sums mean. Nothing here reads a clock, a file or a database."""
