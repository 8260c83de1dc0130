"""Git as commands ask it: only if the settings allow it."""

from __future__ import annotations

import os

from opencode_tui.clock import now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.records.shipped import AskGit


def asking_git(settings: Settings) -> AskGit | None:
    """Who answers for the repositories; None unless `insights.git` is on."""
    if not settings.insights.git:
        return None
    from opencode_tui.cli.git import GitProgram
    from opencode_tui.cli.git_history import GitHistories

    return GitHistories(GitProgram(os.environ.get("PATH", "")), now_ms())
