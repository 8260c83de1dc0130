"""How all tests run: without a verdict on how long one takes."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How fast things are is measured by tests/bench: a deadline would only tell what else the machine does.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
