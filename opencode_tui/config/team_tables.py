"""The table of config.toml on a team: what this seat shares, the team's budget, and its seats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainValidator

from opencode_tui.config import database_values, team_values, values
from opencode_tui.config.table import Table
from opencode_tui.config.team import Team, TeamPush, TeamSeat
from opencode_tui.records.team_choices import SeatShare

_DEFAULTS = Team()
AmountOrNone = Annotated[int | None, PlainValidator(team_values.amount_or_off)]


class TeamPushTable(Table):
    to: Annotated[str, PlainValidator(database_values.database_setting)] = _DEFAULTS.push.to
    password_file: Annotated[Path | None, PlainValidator(values.file_path)] = _DEFAULTS.push.password_file

    def push(self) -> TeamPush:
        return TeamPush(self.to, self.password_file)


class TeamTable(Table):
    budgets_file: Annotated[Path | None, PlainValidator(values.file_path)] = _DEFAULTS.budgets_file
    share: Annotated[SeatShare, PlainValidator(team_values.seat_share)] = _DEFAULTS.share
    week_budget_nano: AmountOrNone = _DEFAULTS.week_budget_nano
    warning_nano: AmountOrNone = _DEFAULTS.warning_nano
    cutoff_nano: AmountOrNone = _DEFAULTS.cutoff_nano
    push: TeamPushTable = TeamPushTable()
    seats: Annotated[dict[str, TeamSeat], PlainValidator(team_values.seats)] = Field(default_factory=dict)

    def team(self) -> Team:
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return Team(**{**given, "push": self.push.push()})
