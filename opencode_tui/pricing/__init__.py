"""Prices and their sources; the cost of tokens."""
