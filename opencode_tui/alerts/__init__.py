"""Alerts: what is measured, which line it crossed, why, and that each is delivered once."""
