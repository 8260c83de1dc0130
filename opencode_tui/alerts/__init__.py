"""Alerts: the rules that measure and fire, the cause, and delivery exactly once."""
