"""What a tool use did, in the few kinds that task classes and retries are derived from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.command_heads import heads_of
from opencode_tui.records.facts import ToolFacts

Kind = Literal[
    "code",
    "tests",
    "docs",
    "setup",
    "read",
    "search",
    "web",
    "plan",
    "delegate",
    "test",
    "build",
    "deploy",
    "git",
    "diff",
    "move",
    "git move",
    "rewrite",
    "look",
    "other",
]
"""`code`, `tests`, `docs` and `setup` are edits of such files; `git` changes a repository, `diff` shows its changes.

`rewrite` is a command that wrote or deleted files, `look` one that only showed how something stands.
"""
_WORK: frozenset[Kind] = frozenset(("test", "deploy", "git", "build"))
_LOOKING: frozenset[Kind] = frozenset(("search", "read", "look", "diff"))
EDITS: frozenset[Kind] = frozenset(("code", "tests", "docs", "setup"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OF_TOOL: dict[str, Kind] = {
    **dict.fromkeys(("read", "list", "ls", "lsp"), "read"),
    **dict.fromkeys(("grep", "glob", "codesearch"), "search"),
    **dict.fromkeys(("webfetch", "websearch", "fetch"), "web"),
    **dict.fromkeys(("todowrite", "todoread", "plan", "plan_enter", "plan_exit", "exitplanmode"), "plan"),
    **dict.fromkeys(("task", "subagent", "agent"), "delegate"),
}
_COMMAND_TOOLS = ("bash", "shell")
_READERS = _words("cat ls head tail less more bat tree stat wc file pwd du eza exa lsd ll which")
_SEARCHERS = _words("grep egrep fgrep rg ag ack find fd fzf")
_SAYS_NO = _SEARCHERS | _words("diff cmp test pgrep which type comm false")
"""Programs whose exit code 1 is an answer, not a failure."""
_TESTERS = _words("""
  pytest py.test tox nox jest vitest mocha cypress playwright ctest rspec phpunit pest coverage cargo-nextest
  eslint stylelint oxlint tsc mypy pyright basedpyright flake8 pylint bandit ruff black isort prettier biome
  golangci-lint phpstan psalm rubocop luacheck swiftlint ktlint clang-tidy ty pre-commit
""")
_BUILDERS = _words("""
  make gmake just cmake ninja meson bazel buck2 mvn mvnw gradle gradlew javac kotlinc msbuild xcodebuild webpack
  rollup esbuild vite next nuxt astro turbo nx tsx gcc g++ clang clang++ rustc npm pnpm yarn bun bunx npx pip
  pip3 uv poetry pdm hatch conda mamba cargo go dotnet swift flutter bundle composer gem sbt stack cabal zig nix
  nix-build docker-compose brew apt apt-get apk dnf yum pacman
""")
_DEPLOYERS = _words("""
  docker podman kubectl helm terraform tofu pulumi ansible ansible-playbook aws gcloud az fly flyctl heroku
  vercel netlify firebase wrangler serverless sam cdk skaffold argocd nomad twine
""")
_SCRIPT_RUNNERS = frozenset(("npm", "pnpm", "yarn", "bun"))
_LOOKS = {
    **dict.fromkeys(
        ("docker", "podman", "docker-compose"),
        _words("config diff history images info inspect logs port ps search stats top version"),
    ),
    **dict.fromkeys(
        ("kubectl", "oc"),
        _words("api-resources cluster-info describe diff explain get logs top version"),
    ),
    "helm": _words("history list search show status template"),
    **dict.fromkeys(("terraform", "tofu", "terragrunt"), _words("output plan providers show state validate")),
    "pulumi": _words("preview"),
    "cdk": _words("diff synth"),
    "argocd": _words("app"),
    **dict.fromkeys(("pip", "pip3"), _words("check debug freeze list show")),
    "uv": _words("tree version"),
    **dict.fromkeys(("poetry", "conda", "mamba", "bundle", "composer"), _words("check env info list outdated show")),
    **dict.fromkeys(
        ("npm", "pnpm", "yarn", "bun"),
        _words("bin explain fund help info list ls outdated ping prefix root search version view whoami why"),
    ),
    "cargo": _words("metadata search tree version"),
    "go": _words("doc env list version"),
    "gradle": _words("dependencies tasks"),
    "brew": _words("doctor info list outdated search"),
    **dict.fromkeys(("apt", "dnf", "yum", "apt-cache"), _words("list policy search show")),
    **dict.fromkeys(("heroku", "fly", "flyctl", "railway"), _words("logs ps releases status")),
    "systemctl": _words("is-active list-units status"),
}
"""Subcommands that only show how something stands, by program."""
_ASKS_THE_HOST = _words("browse ci issue label run search status")
_HOUSEKEEPERS = _words("rm rmdir touch truncate cp ln")
"""Programs that tidy up for a build or a test in the same line; alone they changed files."""
_REWRITERS = _HOUSEKEEPERS | _words("tee patch sponge")
_REWRITES = frozenset(("sed -i", "perl -i", "cat >", "echo >", "printf >", "git apply"))
_STRENGTH: tuple[Kind, ...] = (
    *("test", "deploy", "git move", "git", "build", "rewrite", "move", "web", "diff", "other"),
    *("search", "read", "look"),
)
"""The kinds of commands; of several in a line, the first of these says what the line was for."""
_MOVERS = frozenset(("mv", "rename"))
_TESTS_WORD = _words("test tests check clippy lint typecheck vet nextest runtest audit credo dialyzer spec")
_SCRIPTS_THAT_TEST = _TESTS_WORD | _words("ci coverage e2e style stylelint tsc type-check types unit validate verify")
_SHOWS = _words("""
  diff show log blame shortlog range-diff describe reflog status grep ls-files rev-parse branch remote
""")
_REVIEWS = frozenset(("diff", "show", "range-diff", "blame"))
_TEST_FILE = re.compile(
    r"(?:^|[/\\])(?:__tests__|tests?|specs?|e2e|cypress)[/\\]|(?:^|[/\\])(?:test_|conftest\.)|"
    r"[._-](?:test|spec|tests)\.\w+$|_test\.\w+$",
    re.IGNORECASE,
)
_DOC_FILE = re.compile(
    r"\.(?:md|mdx|rst|adoc|txt|tex)$|(?:^|[/\\])(?:docs?|LICENSE|CHANGELOG)(?:[/\\]|$)", re.IGNORECASE
)
_SETUP_FILE = re.compile(
    r"(?:^|[/\\])(?:Dockerfile[^/\\]*|Makefile|Justfile|CMakeLists\.txt|docker-compose[^/\\]*|compose\.ya?ml|"
    r"package\.json|pyproject\.toml|setup\.(?:py|cfg)|Cargo\.toml|go\.mod|pom\.xml|"
    r"build\.gradle(?:\.kts)?|Jenkinsfile|Procfile|\.gitlab-ci\.yml|requirements[^/\\]*\.txt|tsconfig[^/\\]*\.json|(?:vite|webpack|rollup)\.config\.\w+)$|"
    r"[/\\]\.github[/\\]|[/\\]\.circleci[/\\]|\.(?:tf|tfvars|nix|lock)$",
    re.IGNORECASE,
)


class Deed(Struct, frozen=True, gc=False):
    """One tool use."""

    did: Kind
    """Of a line of commands its strongest part: with a test in it, it is a test."""
    target: str
    """Of what only looked something up it may be left out."""
    ok: bool | None
    """None while it runs."""
    is_command: bool = False
    says_no: bool = False
    """It is a search or a comparison, whose failure may be only its answer."""
    is_whole: bool = False
    """It wrote a whole file, which as a rule is a new one."""
    failed: bool = False
    """It is a command that failed."""
    kinds: frozenset[Kind] = frozenset()
    """All that it did: a line of commands can have rewritten files and tested them."""


def deeds_of(tools: Iterable[ToolFacts]) -> tuple[Deed, ...]:
    """What some tool uses did, in their order; what was refused neither succeeded nor failed."""
    return tuple(
        [
            deed_of(use.name, "" if use.name in _OF_TOOL else use.target, None if use.refused else use.ok)
            for use in tools
        ]
    )


@lru_cache(maxsize=65_536)
def deed_of(name: str, target: str, ok: bool | None) -> Deed:
    """What one use of a tool did."""
    if name in _COMMAND_TOOLS:
        return _line(target, ok)
    did = _file(target) if name in EDIT_TOOLS else _OF_TOOL.get(name.lower(), "other")
    return Deed(did, target, ok, is_whole=name == "write", kinds=frozenset((did,)))


def _line(target: str, ok: bool | None) -> Deed:
    """What a line of commands did. One that only looks has not failed if a part of it says no by its exit code."""
    heads = heads_of(target)
    kinds = frozenset([_command(head) for head in heads])
    if not kinds.isdisjoint(_WORK) and all(map(_is_housekeeping, heads)):
        kinds -= {"rewrite"}
    did = min(kinds, key=_STRENGTH.index)
    says_no = any(map(_says_no, heads)) and (len(heads) == 1 or kinds <= _LOOKING)
    return Deed(did, target, ok, True, says_no, failed=ok is False and not says_no, kinds=kinds)


def _says_no(head: str) -> bool:
    return head.partition(" ")[0] in _SAYS_NO or head == "git diff"


def _is_housekeeping(head: str) -> bool:
    """Whether a command, if it changed files at all, only tidied up."""
    return head in _HOUSEKEEPERS or _command(head) != "rewrite"


def _file(path: str) -> Kind:
    """The kind of an edit by the file that it changes."""
    if _TEST_FILE.search(path):
        return "tests"
    if _SETUP_FILE.search(path):
        return "setup"
    return "docs" if _DOC_FILE.search(path) else "code"


def _command(head: str) -> Kind:
    """The kind of a command by its program and subcommand, as the ledger keeps them."""
    program, _, rest = head.partition(" ")
    sub = rest.removeprefix("-m ").removeprefix("compose ")
    if program in ("git", "jj", "hg", "svn"):
        if sub == "mv":
            return "git move"
        return "diff" if sub in _REVIEWS else "read" if sub in _SHOWS or not sub else "git"
    if program in ("gh", "glab"):
        return "diff" if sub in ("pr", "mr") else "web" if sub in _ASKS_THE_HOST else "git"
    if head in _REWRITES or program in _REWRITERS:
        return "rewrite"
    if sub in _LOOKS.get(program, ()):
        return "look"
    if program in _READERS:
        return "read"
    if program in _SEARCHERS:
        return "search"
    if program in _MOVERS:
        return "move"
    is_script = program in _SCRIPT_RUNNERS and sub.startswith(("run ", "run-script "))
    sub = sub.partition(" ")[2] if is_script else sub
    tests = _SCRIPTS_THAT_TEST if is_script or program == "yarn" else _TESTS_WORD
    if program in _TESTERS or sub in _TESTERS or sub in tests or head == "node --test":
        return "test"
    if program in _DEPLOYERS or sub in ("deploy", "publish"):
        return "deploy"
    if program in ("curl", "wget"):
        return "web"
    return "build" if program in _BUILDERS or sub in ("build", "pip") else "other"
