"""Plans the turns, model calls and tools of a demo session before anything is written.

A plan has a known cost, so that a day can be filled up to a sum. Its times are durations in seconds.
"""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from opencode_tui.cli.demo import cast, models
from opencode_tui.cli.demo.models import Model
from opencode_tui.cli.demo.parts import Tool
from opencode_tui.money import nano_from_usd
from opencode_tui.records.calls import Tokens

_SYSTEM_PROMPT = 11_800
_LOOK = (Tool("read", "src/components/Header.tsx"), Tool("read", cast.LOOP_FILE))
_THINKING = ("opencode", "opencode-go", "openai")
"""The providers whose models think before they answer."""
_PLAN_READERS = ("read", "grep", "glob", "webfetch")


class Work(Struct, eq=False):
    """A session; it gets its id when its first turn is written."""

    project: cast.Project
    title: str
    model: Model
    agent: str = "build"
    parent: Work | None = None
    fork_of: Work | None = None
    id: str = ""
    context: int = 0
    """The tokens that its next call reads from the model's cache."""
    turns: int = 0
    """The number of turns written or planned so far."""
    asked: str = ""
    """The id of its newest user message."""


class DemoStep(Struct, frozen=True):
    """One model call of a turn."""

    tokens: Tokens
    seconds: float
    tools: tuple[Tool, ...] = ()
    errand: DemoTurn | None = None
    """The turn of a subagent started by this call, whose first tool is then the task."""
    breaks: Literal["api", "aborted"] | None = None


class DemoTurn(Struct, frozen=True):
    """One prompt and the calls that answer it."""

    work: Work
    ask: str
    pause: float
    """Seconds before the user sends the prompt."""
    steps: tuple[DemoStep, ...] = field(default=())

    @property
    def cost_nano(self) -> int:
        total = 0
        for step in self.steps:
            if step.breaks is None:
                total += nano_from_usd(self.work.model.cost(step.tokens))
            if step.errand is not None:
                total += step.errand.cost_nano
        return total

    @property
    def seconds(self) -> float:
        """The duration, without the pause before it."""
        return sum(step.seconds + (step.errand.seconds if step.errand else 0.0) for step in self.steps)


def new_work(random: Random, avoid: Collection[str] = ()) -> Work:
    """A new session, if possible with a title that is not in `avoid`."""
    project = random.choices(cast.PROJECTS, cast.WEIGHTS)[0]
    kinds, weights = zip(*models.MIX, strict=True)
    model = random.choices(kinds, weights)[0]
    agent = "plan" if random.random() < 0.15 else "build"
    titles = [title for title in project.titles if title not in avoid]
    return Work(project, random.choice(titles or project.titles), model, agent)


def fork_work(work: Work, model: Model) -> Work:
    """A fork of a session with another model, whose cache does not hold the session's context."""
    copy = Work(work.project, f"{work.title} (fork #1)", model, work.agent, fork_of=work)
    copy.turns = work.turns
    return copy


def plan_turn(random: Random, work: Work, *, errands: bool = True) -> DemoTurn:
    """The next turn of a session: two to six calls, sometimes a subagent, rarely an error."""
    steps = []
    for _ in range(random.choices((1, 2, 3, 4, 5), (15, 30, 30, 15, 10))[0]):
        roll = random.random()
        if errands and roll < 0.05:
            steps.append(_errand_step(random, work))
        else:
            steps.append(_step(random, work, _tools(random, work)))
    steps.append(_step(random, work, ()))
    if random.random() < 0.02:
        steps[-1] = DemoStep(Tokens(), random.uniform(2, 6), breaks=random.choice(("api", "aborted")))
    return DemoTurn(work, random.choice(cast.ASKS), random.expovariate(1 / 150) + 20, tuple(steps))


def plan_loop(random: Random, work: Work, calls: int, written: int) -> DemoTurn:
    """A turn of the demo's loop: `calls` calls that edit the same file, with about `written` output tokens each."""
    steps = [] if work.context else [_step(random, work, _LOOK, fresh=52_000)]
    for index in range(calls):
        edit = Tool("edit", cast.LOOP_FILE, ok=index % 3 != 1)
        tools = (Tool("read", cast.LOOP_FILE), edit) if index % 2 == 0 else (edit,)
        steps.append(_step(random, work, tools, output=written + random.randint(-150, 150)))
    return DemoTurn(work, "The header still looks wrong, redesign the button.", 45.0, tuple(steps))


def fitted(turn: DemoTurn, room_nano: int) -> DemoTurn:
    """Cuts a turn to the first calls that together cost at most `room_nano`; the last one then has no tool."""
    steps = list(turn.steps)
    while steps and (replace(turn, steps=tuple(steps)).cost_nano > room_nano or steps[-1].errand):
        steps.pop()
    if steps:
        steps[-1] = replace(steps[-1], tools=())
    return replace(turn, steps=tuple(steps))


def _step(
    random: Random, work: Work, tools: tuple[Tool, ...], *, output: int | None = None, fresh: int = 0
) -> DemoStep:
    fresh += random.randint(400, 2600) if work.context else _SYSTEM_PROMPT + random.randint(0, 1500)
    if work.fork_of is not None and work.context == 0:
        fresh += work.fork_of.context
    written = output if output is not None else int(random.triangular(60, 1100, 260))
    thought = random.randint(0, 240) if work.model.provider in _THINKING else 0
    kept = fresh - 6 if work.model.cache_write != "0" else 0
    tokens = Tokens(fresh - kept, written, thought, work.context, kept)
    work.context = min(work.context + fresh + written, work.model.context * 3 // 4)
    return DemoStep(tokens, 1.5 + (written + thought) / 90 + random.uniform(0, 2), tools)


def _errand_step(random: Random, work: Work) -> DemoStep:
    what, agent = random.choice(cast.ERRANDS)
    child = Work(work.project, f"{what} (@{agent} subagent)", _errand_model(work), agent, parent=work)
    steps = tuple(_step(random, child, _tools(random, child)) for _ in range(random.randint(1, 3)))
    errand = DemoTurn(child, what, 0.5, (*steps, _step(random, child, ())))
    step = _step(random, work, (Tool("task", what, agent=agent),))
    return DemoStep(step.tokens, step.seconds, step.tools, errand)


def _errand_model(work: Work) -> Model:
    return models.HAIKU if work.model is models.SONNET else work.model


def _tools(random: Random, work: Work) -> tuple[Tool, ...]:
    if work.agent != "build":
        name = random.choices(_PLAN_READERS, (50, 30, 15, 5))[0]
        return (_tool(random, work, name),)
    names = ("read", "edit", "bash", "grep", "glob", "write")
    count = random.choices((1, 2), (75, 25))[0]
    return tuple(_tool(random, work, name) for name in random.choices(names, (34, 26, 18, 12, 6, 4), k=count))


def _tool(random: Random, work: Work, name: str) -> Tool:
    if name == "bash":
        return Tool(name, random.choice((work.project.test, "git diff --stat", "git status --short")))
    if name in ("grep", "glob"):
        return Tool(name, random.choice(("TODO", "useCart", "func New", "**/*.md", "timeout")))
    if name == "webfetch":
        return Tool(name, "https://example.org/changelog")
    return Tool(name, random.choice(work.project.files), ok=name != "edit" or random.random() > 0.08)
