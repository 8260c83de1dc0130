"""Text, tables and JSON made from the records."""
