"""What became of the commits of a repository: kept, reverted, abandoned, and how many of their lines stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.cli.git import GitError, GitProgram
from opencode_tui.paths import is_folder, tilde
from opencode_tui.records.shipped import Commit, CommitState, GitHistory

WEEK_MS = 7 * 86_400_000
_MOST_FILES = 60
"""A commit of more files, such as one that brings in a library, is not looked at line by line."""
_OLDEST_S = 100_000_000
"""Git takes smaller numbers for something else than seconds."""
_REFS = ("--exclude=refs/stash", "--exclude=refs/notes/*", "--all")
_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all", "--no-relative", "-M")
_STASHED = re.compile(r"(?:WIP on|index on|untracked files on|On) [^\n]*: ")
_REVERTS = re.compile(r"This reverts commit ([0-9a-f]{40,64})\b")
_BLAMED = re.compile(r"^([0-9a-f]{40,64}) \d+ \d+", re.MULTILINE)
_ID = re.compile(r"[0-9a-f]{40,64}")


class _Logged(Struct, frozen=True):
    id: str
    at_ms: int
    author: tuple[str, str]
    """Its time and address, which an amended or moved commit keeps."""
    message: str


class GitHistories:
    """Answers AskGit."""

    def __init__(self, git: GitProgram, now_ms: int) -> None:
        self._git, self._now_ms = git, now_ms

    def __call__(self, directory: str, start_ms: int, end_ms: int) -> GitHistory:
        if not is_folder(directory):
            return GitHistory(trouble=f"{tilde(Path(directory))} is not there, so its commits are not known")
        try:
            commits = self._commits(directory, start_ms, end_ms)
        except GitError as error:
            return GitHistory(trouble=str(error))
        trouble, lines = "", _StandingLines(self._git, directory)
        standing: dict[str, int | None] = {}
        try:
            for commit, files in commits:
                if commit.state == "kept" and commit.at_ms + WEEK_MS <= self._now_ms:
                    standing[commit.id] = lines.of(commit, files)
        except GitError as error:
            trouble = str(error)
        return GitHistory(tuple(replace(each, standing=standing.get(each.id)) for each, _ in commits), trouble)

    def _commits(self, directory: str, start_ms: int, end_ms: int) -> list[tuple[Commit, tuple[str, ...]]]:
        """(commit, the files to which it added lines), in order of time."""
        since = f"--since={max(start_ms // 1000, _OLDEST_S)} +0000"
        kept = set(self._git.ask(directory, "rev-list", since, *_REFS).split())
        logged = list(self._logged(directory, since))
        reachable = [each for each in logged if each.id in kept]
        authors = {each.author for each in reachable}
        undoing = {each.id: set(_REVERTS.findall(each.message)) for each in reachable}
        undone = set().union(*undoing.values()) if undoing else set()
        reverted = {id for of, ids in undoing.items() if of not in undone for id in ids}
        wanted: dict[str, tuple[_Logged, CommitState]] = {}
        for each in logged:
            if start_ms <= each.at_ms < end_ms and not _STASHED.match(each.message):
                if each.id in kept:
                    wanted[each.id] = each, "reverted" if each.id in reverted else "kept"
                elif each.author not in authors:
                    wanted[each.id] = each, "abandoned"
        return self._with_lines(directory, wanted)

    def _logged(self, directory: str, since: str) -> Iterable[_Logged]:
        """All commits but merges, those that only the reflog still knows among them, the newest first."""
        form = "--format=%H%n%ct%n%at%n%ae%n%B"
        said = self._git.ask(directory, "log", "-z", "--no-merges", "--no-notes", since, form, "--reflog", *_REFS)
        for record in said.split("\0"):
            id, _, rest = record.lstrip("\n").partition("\n")
            parts = rest.split("\n", 3)
            if _ID.fullmatch(id) and len(parts) == 4 and parts[0].isdecimal():
                yield _Logged(id, int(parts[0]) * 1000, (parts[1], parts[2]), parts[3])

    def _with_lines(
        self, directory: str, wanted: Mapping[str, tuple[_Logged, CommitState]]
    ) -> list[tuple[Commit, tuple[str, ...]]]:
        if not wanted:
            return []
        words = ("log", "-z", "--numstat", *_DIFF, "--no-walk=unsorted", "--format=%H", "--stdin")
        tokens = iter(self._git.ask(directory, *words, given=list(wanted)).split("\0"))
        added, removed = Counter[str](), Counter[str]()
        files: dict[str, list[str]] = {id: [] for id in wanted}
        id = ""
        for token in tokens:
            text = token.lstrip("\n")
            if text in wanted:
                id = text
            elif text.count("\t") >= 2 and id:
                more, less, path = text.split("\t", 2)
                if not path:
                    _, path = next(tokens, ""), next(tokens, "")
                if more.isdecimal() and less.isdecimal():  # a binary file has `-`
                    added[id] += int(more)
                    removed[id] += int(less)
                    files[id] += [path] if int(more) else []
        found = [
            (Commit(id, each.at_ms, added[id], removed[id], state), tuple(files[id]))
            for id, (each, state) in wanted.items()
        ]
        return sorted(found, key=lambda each: (each[0].at_ms, each[0].id))


class _StandingLines:
    """Counts how many lines of a commit stood in its repository a week later. Every method may raise GitError."""

    def __init__(self, git: GitProgram, directory: str) -> None:
        self._git, self._directory = git, directory
        self._blamed: dict[tuple[str, str], Counter[str]] = {}

    def of(self, commit: Commit, files: tuple[str, ...]) -> int | None:
        """None if it is on a branch of its own, or of too many files."""
        if not files or len(files) > _MOST_FILES or not self._is_in(commit.id, "HEAD"):
            return 0 if not files else None
        before = f"--before={(commit.at_ms + WEEK_MS) // 1000} +0000"
        tip = self._git.ask(self._directory, "rev-list", "-1", "--first-parent", before, "HEAD").strip()
        if not tip or not self._is_in(commit.id, tip):
            tip = self._git.ask(self._directory, "rev-parse", "HEAD").strip()
        moved = self._moved(commit.id, tip)
        paths = sorted({moved.get(file, file) for file in files})
        words = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", tip, "--", *paths)
        there = set(self._git.ask(self._directory, *words).split("\0"))
        return sum(self._lines(tip, path)[commit.id] for path in paths if path in there)

    def _is_in(self, id: str, tip: str) -> bool:
        """Whether a commit is an ancestor of another."""
        return self._git.ask(self._directory, "rev-list", "--count", id, f"^{tip}").strip() == "0"

    def _moved(self, id: str, tip: str) -> dict[str, str]:
        """The new paths of the files that were renamed since a commit."""
        words = ("diff", "-z", "--name-status", *_DIFF, "--diff-filter=R", id, tip)
        tokens = self._git.ask(self._directory, *words).split("\0")
        return dict(zip(tokens[1::3], tokens[2::3], strict=False))

    def _lines(self, tip: str, path: str) -> Counter[str]:
        """The number of lines of a file by the commit that they are from."""
        key = tip, path
        if key not in self._blamed:
            top = self._git.ask(self._directory, "rev-parse", "--show-toplevel").strip()
            words = ("blame", "--porcelain", "--no-progress", "--no-textconv", "--ignore-revs-file=", tip, "--", path)
            self._blamed[key] = Counter(_BLAMED.findall(self._git.ask(top, *words)))
        return self._blamed[key]
