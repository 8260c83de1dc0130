"""Reads a day's cost by project from the ledger."""

from __future__ import annotations

from opencode_tui.readings.context import Context
from opencode_tui.readings.day import bounded_slices
from opencode_tui.records.requests import ProjectsRequest
from opencode_tui.records.usage import Projects


def read_projects(request: ProjectsRequest, context: Context) -> Projects:
    calendar = context.calendar
    span = calendar.span(request.day or calendar.day(context.now_ms))
    groups = bounded_slices(context.connection, span, "project", whole=context.whole)
    return Projects(request, context.now_ms, groups)
