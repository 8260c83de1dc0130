"""Data flows one way: what a module may import, and what only one place may do.

Each rule is a function from modules to what breaks it, and is shown a module that does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

import opencode_tui
from opencode_tui.alerts.rules import RULES

PACKAGE = opencode_tui.__name__

LAYERS = (
    ("__main__",),
    ("cli",),
    ("ui",),
    ("report.export",),
    ("report",),
    ("feed",),
    ("alerts.actions",),
    ("alerts",),
    ("guard",),
    ("readings",),
    ("team",),
    ("accounts",),
    ("analysis", "sync"),
    ("ledger", "source"),
    ("pricing",),
    ("config",),
    ("records",),
    ("records.privacy",),
    ("clock", "money", "paths"),
)
"""From the top. An import points down; those of one layer do not know each other. A room within a room has its own."""
UPWARD = {
    *(("config.options", "alerts.rules"), ("config.options", "alerts.channels")),
    ("config.options", "analysis.insights"),
}
"""Rules and channels declare their own settings, which are asked for when their table is read."""
DEPTH = {name: depth for depth, names in enumerate(LAYERS) for name in names}


def room_of(name: str) -> str:
    """The place in LAYERS that a dotted name inside the package belongs to."""
    two = ".".join(name.split(".")[:2])
    return two if two in DEPTH else name.partition(".")[0]


SCREEN_LIBRARIES = {"textual", "textual_plotext", "plotext"}
NETWORK_LIBRARIES = {
    "socket",
    "ssl",
    "http",
    "ftplib",
    "smtplib",
    "asyncio",
    "requests",
    "httpx",
    "aiohttp",
    "urllib3",
    "psycopg",
}
NETWORK_PARTS = ("urllib.request.", "opentelemetry.exporter.", "sqlalchemy.create_engine.")
WAYS_TO_THE_NETWORK = {
    ("accounts.fetching", "httpx"),
    ("alerts.channels.webhook", "httpx"),
    ("report.export.otlp_client", "opentelemetry.exporter.otlp.proto.grpc"),
    ("report.export.otlp_client", "opentelemetry.exporter.otlp.proto.http"),
    ("report.export.server", "http.server"),
    ("report.export.server", "socket"),
    ("guard.ask", "http.client"),
    ("pricing.public_list", "httpx"),
    ("team.postgres.asking", "psycopg"),
    ("team.postgres.connecting", "psycopg"),
    ("team.postgres.connecting", "psycopg.types.array"),
    ("team.postgres.engines", "sqlalchemy"),
    ("team.postgres.reading_sums", "psycopg"),
    ("team.postgres.sharing", "psycopg"),
    ("ui.app", "asyncio"),  # whose event loop takes the signals
}
STARTERS = {"alerts.running", "source.copying", "source.read_ahead", "readings.look_ahead"}
TIME_READERS = {
    "time": {
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
        "localtime",
        "gmtime",
    },
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
WRITERS: dict[str, tuple[str, ...]] = {
    "__stdout__": (),
    "__stderr__": (),
    "buffer": (),
    "_driver": (),
    "raw": ("cli.streams",),
    "copy_to_clipboard": ("ui.harmless_screen", "ui.screens.session"),
}
"""What reaches a terminal or a clipboard past `print` and the screen, and who may use it."""
CONVENTIONAL: dict[str, str | tuple[str, ...]] = {
    "run": "cli.",
    "RULES": ("alerts.rules.", "analysis.insights."),
    "CHANNEL": "alerts.channels.",
    "make": "alerts.channels.",
    "OPTIONS": "alerts.",
}
"""What each file of a folder defines under the same name, so that it is found without a list."""
RULE_NAMES = {rule.name for rule in RULES if "_" in rule.name}
"""Those that cannot be taken for a word of something else."""
SQL_TIME = ("current_timestamp", "current_date", "current_time", "'now'", "unixepoch()", "julianday()")


@dataclass(frozen=True)
class Module:
    """A module by its dotted name inside the package: `ledger.queries`, and `ledger` for the folder's own."""

    name: str
    tree: ast.Module
    is_folder: bool = False

    @property
    def part(self) -> str:
        """The folder or file at the top of the package that it belongs to."""
        return self.name.partition(".")[0]

    @property
    def room(self) -> str:
        """Its place in LAYERS."""
        return room_of(self.name)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree; each rule looks at them."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> list[str]:
        """Dotted names of all that is imported, inside functions too; `from a import b` is `a.b`."""
        found = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                source = ".".join(filter(None, (self._above(node.level), node.module)))
                found += [f"{source}.{alias.name}" for alias in node.names]
        return found

    @property
    def imports_at_once(self) -> list[str]:
        """What is imported as soon as the module is."""
        return [alias.name for node in self.tree.body if isinstance(node, ast.Import) for alias in node.names]

    @property
    def inside(self) -> list[str]:
        """The imports from this package, by their names inside it."""
        return [name.removeprefix(f"{PACKAGE}.") for name in self.imports if name.startswith(f"{PACKAGE}.")]

    def _above(self, level: int) -> str:
        """The package that so many dots stand for."""
        if not level:
            return ""
        way = [PACKAGE, *self.name.split(".")]
        return ".".join(way[: len(way) - level + self.is_folder])


def module(name: str, source: str) -> Module:
    return Module(name, ast.parse(source))


def modules_of_the_package() -> Iterator[Module]:
    root = Path(opencode_tui.__file__).parent
    for path in sorted(root.rglob("*.py")):
        names = path.relative_to(root).with_suffix("").parts
        is_folder = names[-1] == "__init__"
        name = ".".join(names[:-1] if is_folder else names)
        if name:  # the package's own file holds nothing
            yield Module(name, ast.parse(path.read_text(encoding="utf-8")), is_folder)


@pytest.fixture(scope="module")
def package() -> Modules:
    """All modules, parsed only where these tests run: a process that collects them needs none."""
    return tuple(modules_of_the_package())


Modules = tuple[Module, ...]
Rule = Callable[[Modules], list[str]]


def imports_that_do_not_point_down(modules: Modules) -> list[str]:
    return [
        f"{each.name} -> {target}"
        for each in modules
        for target in each.inside
        if (room := room_of(target)) != each.room and DEPTH[room] <= DEPTH[each.room]
        if (each.name, target) not in UPWARD
    ]


def imports_of_analysis_beside_records(modules: Modules) -> list[str]:
    """It is arithmetic on records: it knows neither the settings nor where the records are from."""
    return [
        f"{each.name} -> {target}"
        for each in modules
        for target in each.inside
        if each.part == "analysis" and room_of(target) not in ("analysis", "records", *LAYERS[-1])
    ]


def questions_about_an_alerts_rule_outside_of_the_rules(modules: Modules) -> list[str]:
    """What differs from rule to rule stands in the rule's own file, and is asked of the rule."""
    return [
        f"{each.name}: {what}"
        for each in modules
        if not f"{each.name}.".startswith("alerts.rules.")
        for what in _questions_about_a_rule(each)
    ]


def _questions_about_a_rule(each: Module) -> Iterator[str]:
    for node in each.nodes:
        if isinstance(node, ast.Compare):
            asked = [side for side in (node.left, *node.comparators) if isinstance(side, ast.Attribute)]
            yield from (ast.unparse(node) for side in asked if side.attr in ("kind", "rule"))
        elif isinstance(node, ast.Constant) and node.value in RULE_NAMES:
            yield repr(node.value)


def libraries_of_the_screen_outside_of_ui(modules: Modules) -> list[str]:
    return [
        f"{each.name} -> {target}"
        for each in modules
        for target in each.imports
        if target.partition(".")[0] in SCREEN_LIBRARIES and each.part != "ui"
    ]


def meetings_of_source_and_ledger_outside_of_sync(modules: Modules) -> list[str]:
    """Who knows OpenCode's stores is sync alone; who writes into the ledger is sync alone."""
    return [
        f"{each.name} -> {target}"
        for each in modules
        for target in each.inside
        if (f"{target}.".startswith("source.") and each.part not in ("source", "sync"))
        or (f"{target}.".startswith("ledger.writing.") and each.part not in ("ledger", "sync"))
    ]


def made_up_data_outside_of_the_command_line(modules: Modules) -> list[str]:
    return [
        f"{each.name} -> {target}"
        for each in modules
        for target in each.inside
        if f"{target}.".startswith("cli.demo.") and each.part != "cli"
    ]


def readings_of_the_time_outside_of_clock(modules: Modules) -> list[str]:
    return [f"{each.name}: {what}" for each in modules if each.name != "clock" for what in _time_read_in(each)]


def _time_read_in(each: Module) -> Iterator[str]:
    for target in each.imports:
        library, _, name = target.rpartition(".")
        if library == "time" and name in TIME_READERS["time"]:
            yield target
    for node in each.nodes:
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).rpartition(".")[2]
            if node.attr in TIME_READERS.get(owner, ()):
                yield ast.unparse(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (f"SQL {word}" for word in SQL_TIME if word in node.value.casefold())


def ways_to_the_network(modules: Modules) -> list[str]:
    """The webhook, `guard status --ask`, `prices refresh`, OTLP, `metrics`, `team push`: imported where allowed."""
    return [
        f"{each.name} -> {target}"
        for each in modules
        for target in each.imports
        if (each.name, target.rpartition(".")[0] or target) not in WAYS_TO_THE_NETWORK or target in each.imports_at_once
        if target.partition(".")[0] in NETWORK_LIBRARIES or f"{target}.".startswith(NETWORK_PARTS)
    ]


def programs_started_in_odd_places(modules: Modules) -> list[str]:
    """Other programs are started for two channels, to copy a store, to read or look ahead, never through a shell."""
    found = [
        f"{each.name} -> {target}"
        for each in modules
        for target in each.imports
        if target.partition(".")[0] == "subprocess" and each.name not in STARTERS
    ]
    for each in modules:
        for node in each.nodes:
            if isinstance(node, ast.keyword) and node.arg == "shell":
                found.append(f"{each.name}: shell=")
            elif isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.system", "os.popen"):
                found.append(f"{each.name}: {ast.unparse(node)}")
    return found


def imports_by_a_name_made_at_run_time(modules: Modules) -> list[str]:
    """The other rules cannot see these. The parser imports commands, `paths` rules and channels."""
    return [
        each.name
        for each in modules
        for node in each.nodes
        if isinstance(node, ast.Name) and node.id in ("import_module", "__import__")
        if each.name not in ("cli.parser", "cli.options.parsers", "paths")
    ]


def ways_around_what_makes_text_harmless(modules: Modules) -> list[str]:
    """Commands print through `cli.streams`, the screen and the clipboard are behind `ui.harmless_screen`."""
    return [f"{each.name}: {what}" for each in modules for what in _ways_around(each)]


def _ways_around(each: Module) -> Iterator[str]:
    for node in each.nodes:
        if isinstance(node, ast.Name) and node.id == "print" and each.part != "cli" and each.name != "pricing.renew":
            yield "print"  # the list prices' table is made from a list of ours
        elif isinstance(node, ast.Attribute) and node.attr in WRITERS and each.name not in WRITERS[node.attr]:
            yield ast.unparse(node)
        elif isinstance(node, ast.Call) and _is_write_to_a_terminal(node):
            yield "os.write"
        elif isinstance(node, ast.ClassDef) and each.name != "ui.harmless_screen":
            bases = {ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in node.bases}
            yield from (f"class {node.name}(App)" for base in bases if base == "App")
    if "cli.streams.raw" in each.inside and each.name != "cli.sync":  # a progress bar, which has no text of a store
        yield "cli.streams.raw"


def _is_write_to_a_terminal(call: ast.Call) -> bool:
    match call:
        case ast.Call(ast.Attribute(ast.Name("os"), "write"), [ast.Constant(1 | 2), *_]):
            return True
    return False


def public_names_in_two_modules(modules: Modules) -> list[str]:
    """A name means one thing in the whole package."""
    homes: dict[str, set[str]] = {}
    for each in modules:
        for name in _public_names(each):
            homes.setdefault(name, set()).add(each.name)
    return [
        f"{name}: {', '.join(sorted(names))}"
        for name, names in homes.items()
        if len(names) > 1
        if not all(f"{home}.".startswith(CONVENTIONAL.get(name, "-")) for home in names)
    ]


def _public_names(each: Module) -> Iterator[str]:
    for node in each.tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        else:
            names = []
        yield from (name for name in names if not name.startswith("_"))


BREACHES: dict[Rule, list[Module]] = {
    ways_around_what_makes_text_harmless: [
        module("report.words", "print('x')"),
        module("cli.today", "import sys\nsys.__stdout__.write('x')"),
        module("cli.today", "import sys\nsys.stdout.buffer.write(b'x')"),
        module("cli.today", "import os\nos.write(1, b'x')"),
        module("cli.today", "from opencode_tui.cli.streams import raw"),
        module("cli.watch", "sys.stdout.raw.write('x')"),
        module("ui.app", "class Mine(App[None]):\n    pass"),
        module("ui.widgets.banner", "self.app.copy_to_clipboard(text)"),
        module("ui.widgets.banner", "self.app._driver.write(text)"),
    ],
    imports_that_do_not_point_down: [
        module("analysis.pace", "from opencode_tui.ui.app import run_app"),
        module("ledger.queries", "import opencode_tui.sync"),
        module("source.files", "from opencode_tui.ledger import queries"),
        module("ledger.queries", "from opencode_tui.source.text import clean"),
        module("money", "from opencode_tui.records.calls import Tokens"),
        module("sync", "def late():\n    from opencode_tui.report.readout import readout"),
        module("pricing.book", "from ..sync import Sync"),
        module("ui.app", "from opencode_tui.cli import main"),
        Module("pricing", ast.parse("from ..sync import Sync"), is_folder=True),
    ],
    imports_of_analysis_beside_records: [
        module("analysis.causes", "from opencode_tui.config.settings import Settings"),
        module("analysis.loops", "def f():\n    from opencode_tui.records.privacy import harmless"),
    ],
    questions_about_an_alerts_rule_outside_of_the_rules: [
        module("report.alert_words", "if alert.crossing.kind == 'loop':\n    pass"),
        module("alerts.watcher", "is_one = crossing.rule in ('day', 'week')"),
        module("report.alert_words", "WORDS = {'same_call': 'the same call'}"),
    ],
    libraries_of_the_screen_outside_of_ui: [
        module("report.words", "from textual.app import App"),
        module("cli.dashboard", "def run():\n    import textual_plotext"),
    ],
    meetings_of_source_and_ledger_outside_of_sync: [
        module("cli.today", "from opencode_tui.source.discovery import generations"),
        module("feed", "from opencode_tui import source"),
        module("cli.usage", "from opencode_tui.ledger import writing"),
    ],
    made_up_data_outside_of_the_command_line: [module("feed", "from opencode_tui.cli.demo import demo_store")],
    readings_of_the_time_outside_of_clock: [
        module("sync", "import time\ntime.time()"),
        module("sync", "from time import monotonic"),
        module("feed", "import datetime\ndatetime.datetime.now(zone)"),
        module("analysis.periods", "from datetime import date\ndefault = date.today"),
        module("ledger.queries", "SQL = 'SELECT strftime(\"%s\", \\'now\\')'"),
        module("ledger.schema", "SQL = 'at TEXT DEFAULT CURRENT_TIMESTAMP'"),
    ],
    ways_to_the_network: [
        module("pricing.renew", "from urllib import request"),
        module("pricing.renew", "from urllib.request import urlopen"),
        module("sync", "import http.client"),
        module("report.usage", "import socket"),
        module("alerts.channels.webhook", "import httpx"),
        module("alerts.channels.webhook", "def f():\n    import socket"),
        module("alerts.channels.command", "def f():\n    import httpx"),
        module(
            "report.export.otlp", "from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter"
        ),
        module("cli.team.push", "from sqlalchemy import create_engine"),
        module("cli.metrics", "from http.server import HTTPServer"),
    ],
    programs_started_in_odd_places: [
        module("report.usage", "import subprocess"),
        module("alerts.running", "import subprocess\nsubprocess.run(line, shell=True)"),
        module("alerts.channels.command", "import os\nos.system(line)"),
    ],
    imports_by_a_name_made_at_run_time: [module("report.words", "def f(name):\n    return __import__(name)")],
}

NAMES_TWICE = (
    ("class Totals:\n    pass", "class Totals:\n    pass"),
    ("def amount() -> int: ...", "amount = 3"),
    ("WAIT_S: float = 1.0", "LONG_S, WAIT_S = 2.0, 3.0"),
)

rules = pytest.mark.parametrize("rule", BREACHES, ids=[rule.__name__ for rule in BREACHES])


@rules
def test_there_are_none_of(rule: Rule, package: Modules) -> None:
    assert rule(package) == []


@rules
def test_a_breach_is_seen_among(rule: Rule) -> None:
    for breach in BREACHES[rule]:
        assert rule((breach,)), ast.unparse(breach.tree)


def test_a_public_name_means_one_thing(package: Modules) -> None:
    assert public_names_in_two_modules(package) == []
    assert set(CONVENTIONAL) <= {name for each in package for name in _public_names(each)}


@pytest.mark.parametrize(("first", "second"), NAMES_TWICE)
def test_a_name_in_two_modules_is_seen(first: str, second: str) -> None:
    assert public_names_in_two_modules((module("ledger.queries", first), module("report.words", second)))
    assert public_names_in_two_modules((module("cli.today", "def run(): ..."), module("ui.app", "def run(): ...")))


def test_the_top_of_the_package_can_be_taken_in_at_a_glance() -> None:
    top = Path(opencode_tui.__file__).parent
    files = {path.name for path in top.glob("[!_]*.py")}
    folders = {path.parent.name for path in top.glob("*/__init__.py")}  # not what an earlier version left behind
    assert len(files | folders) < 20


def test_every_module_has_its_place_in_the_order(package: Modules) -> None:
    assert {each.room for each in package} == set(DEPTH)


def test_the_imports_of_the_package_are_all_seen(package: Modules) -> None:
    by_name = {each.name: each for each in package}
    assert "ui.app.run_app" in by_name["cli.dashboard"].inside
    assert {"source.batch.Store", "ledger.writing"} <= set(by_name["sync"].inside)
    assert "records.day.Band" in by_name["analysis.pace"].inside
    assert any(target.startswith("textual.") for target in by_name["ui.app"].imports)
    assert list(_time_read_in(by_name["clock"]))
