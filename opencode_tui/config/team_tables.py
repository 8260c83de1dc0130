"""The table of config.toml on a team: what this seat shares, the team's budget, and its seats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainValidator

from opencode_tui.config import team_values, values
from opencode_tui.config.table import Table
from opencode_tui.config.team import Team, TeamSeat
from opencode_tui.records.shares import SeatShare

_DEFAULTS = Team()
AmountOrNone = Annotated[int | None, PlainValidator(team_values.amount_or_off)]


class TeamTable(Table):
    budgets_file: Annotated[Path | None, PlainValidator(values.file_path)] = _DEFAULTS.budgets_file
    share: Annotated[SeatShare, PlainValidator(team_values.seat_share)] = _DEFAULTS.share
    week_budget_nano: AmountOrNone = _DEFAULTS.week_budget_nano
    warning_nano: AmountOrNone = _DEFAULTS.warning_nano
    cutoff_nano: AmountOrNone = _DEFAULTS.cutoff_nano
    seats: Annotated[dict[str, TeamSeat], PlainValidator(team_values.seats)] = Field(default_factory=dict)

    def team(self) -> Team:
        return Team(**{name: getattr(self, name) for name in type(self).model_fields})
