"""What people and programs read, made from the records: text here, formats beside it."""
