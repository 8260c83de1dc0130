"""Finds the prices of models and computes the cost of tokens."""
