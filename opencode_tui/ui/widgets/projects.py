"""The day's spend by project, as bars."""

from __future__ import annotations

from textual.reactive import var

from opencode_tui.paths import last_part
from opencode_tui.records.day import Snapshot
from opencode_tui.records.usage import Projects, Slice
from opencode_tui.ui.widgets.slices import SlicesPanel


def project_names(keys: list[str]) -> list[str]:
    """The last part of each path; the whole path where two share that part."""
    names = [last_part(key) for key in keys]
    return [name if names.count(name) == 1 else key for name, key in zip(names, keys, strict=True)]


class ProjectsPanel(SlicesPanel):
    """The spend by project that its screen asks for; a bar opens its sessions."""

    projects: var[Projects | None] = var(None)

    def __init__(self) -> None:
        super().__init__("Projects", "projects")

    def watch_projects(self) -> None:
        self.refresh()

    def slices(self, snapshot: Snapshot) -> tuple[Slice, ...]:
        return self.projects.groups if self.projects is not None else ()

    def names(self, keys: list[str]) -> list[str]:
        return project_names(keys)
