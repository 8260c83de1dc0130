"""`opencode-tui guard`: installs, lifts, raises, removes and shows the plugin that enforces the cutoff."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from msgspec.structs import replace

from opencode_tui import paths
from opencode_tui.alerts.actions import Workplace, act
from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble, look, settings_for, synced, using_ledger
from opencode_tui.cli.program import sync_program
from opencode_tui.clock import Calendar, calendar_for, now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.guard import control, install
from opencode_tui.guard.setup import install_guard
from opencode_tui.guard.state import StateError, read_state
from opencode_tui.guard.status import NOT_HELD, GuardStatus, guard_status
from opencode_tui.guard.troubles import PluginLoad
from opencode_tui.ledger import queries
from opencode_tui.ledger.bounds import is_lower_bound
from opencode_tui.money import format_usd, nano_from_usd, usd
from opencode_tui.records.requests import Action, LiftGuard, RaiseCutoff
from opencode_tui.report.guard_words import guard_words
from opencode_tui.report.held_words import held_json, held_lines, lift_lines
from opencode_tui.report.json_values import SCHEMA_VERSION
from opencode_tui.report.outcome_words import outcome_words
from opencode_tui.report.words import amount_text


def run(arguments: argparse.Namespace) -> int:
    actions = {"install": _install, "remove": _remove, "status": _status, "lift": _lift, "raise": _raise}
    try:
        actions[arguments.action](arguments)
    except (StateError, install.PluginError) as error:
        raise Trouble(str(error)) from None
    return 0


def _install(arguments: argparse.Namespace) -> None:
    settings = settings_for(arguments)
    ledger, _ = _spent_today(settings)
    done = install_guard(settings, ledger, sync_program(arguments, ledger), os.environ, now_ms())
    if settings.pricing.prefer == "list":
        _spent_today(settings)  # the sync adds the list prices to the state
    print(outcome_words(done, calendar_for(settings.timezone), now_ms()))


def _remove(arguments: argparse.Namespace) -> None:
    if install.remove_plugin(install.plugin_file(os.environ)):
        print("The guard is removed: OpenCode's calls are not held any more.")
    else:
        print("There is no guard in OpenCode.")


def _lift(arguments: argparse.Namespace) -> None:
    at = Workplace(_installed(), calendar_for(settings_for(arguments).timezone), now_ms())
    what = _lifted(arguments)
    if arguments.off:
        _act(LiftGuard(None, what), at)
        return
    try:
        until = control.lift_end(arguments.time, at.calendar, at.now_ms)
    except ValueError as error:
        raise Trouble(f"--for: {error}", EXIT_USAGE) from None
    try:
        _act(LiftGuard(until, what), at)
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None


def _lifted(arguments: argparse.Namespace) -> str:
    """The one kind of limit that is lifted; empty for all. Raises Trouble."""
    what, name = str(arguments.what), str(arguments.name)
    if what and what not in control.LIFTABLE:
        raise Trouble(f"{what[:40]!r} cannot be lifted; name one of {', '.join(control.LIFTABLE)}", EXIT_USAGE)
    if name and what != "budget":
        raise Trouble(f"{what} has no names; leave {name[:40]!r} out", EXIT_USAGE)
    return f"{what} {name}".rstrip()


def _raise(arguments: argparse.Namespace) -> None:
    settings, file = settings_for(arguments), _installed()
    at = Workplace(file, calendar_for(settings.timezone), now_ms())
    if arguments.off:
        _act(RaiseCutoff(None), at)
        return
    try:
        nano = nano_from_usd(arguments.amount.removeprefix("$"))
    except ValueError:
        wrong = f"{arguments.amount[:40]!r} is not an amount in USD; write one such as 2.50"
        raise Trouble(wrong, EXIT_USAGE) from None
    _, spent = _spent_today(replace(settings, ledger=Path(read_state(file).ledger)))
    try:
        _act(RaiseCutoff(nano), replace(at, spent_nano=lambda: spent))
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None


def _act(action: Action, at: Workplace) -> None:
    """Carries the action out, and prints its outcome."""
    print(outcome_words(act(action, at), at.calendar, at.now_ms))


def _status(arguments: argparse.Namespace) -> None:
    settings = settings_for(arguments)
    calendar, now = calendar_for(settings.timezone), now_ms()
    try:
        with using_ledger(settings) as opened:
            whole, today = look(settings, opened).whole, calendar.span(calendar.day(now))
            spent, least = queries.spend(opened.connection, today), is_lower_bound(opened.connection, today, whole)
            ledger = opened.path.absolute()
            status = guard_status(settings, ledger, os.environ, now, opened.connection, days_back=30)
    except Trouble as error:
        # the ledger alone does not show what is enforced
        ledger = (settings.ledger or paths.ledger_file()).absolute()
        print("\n".join(_lines(guard_status(settings, ledger, os.environ, now), "not known", calendar, now)))
        raise Trouble(f"calls are held to what each OpenCode itself has spent: {error}", error.exit_code) from None
    asked = _asked(arguments)
    if arguments.json:
        print(json.dumps(_as_json(status, spent, least, calendar) | ({"server": asked} if asked else {})))
    else:
        print(
            "\n".join(
                _lines(status, amount_text(spent, least), calendar, now) + ([f"server: {asked}"] if asked else [])
            )
        )


def _asked(arguments: argparse.Namespace) -> str:
    """What OpenCode 2's server says of the plugin, with --ask only."""
    if not arguments.ask and not arguments.server:
        return ""
    from opencode_tui.guard.ask import ask_server, known_server

    address = known_server(os.environ, arguments.server)
    return ask_server(address) if address else "no OpenCode 2 is known to run; name its address with --server"


def _lines(status: GuardStatus, spent: str, calendar: Calendar, now: int) -> list[str]:
    raised = ", raised for today" if status.raised else ""
    lines = [
        f"{guard_words(status.record, calendar, now)}: {status.detail}",
        f"today: {spent} (warning {format_usd(status.warning_nano)}, cutoff {format_usd(status.cutoff_nano)}{raised})",
    ]
    lines += [f"cap of project {name}: {format_usd(nano)}" for name, nano in status.projects.items()]
    lines += [f"cap of agent {name}: {format_usd(nano)}" for name, nano in status.agents.items()]
    lines += [*held_lines(status.held), *lift_lines(status.lifts, calendar, now)]
    lines.append(f"plugin: {paths.tilde(status.plugin)}, its limits: {paths.tilde(status.state_file)}")
    if status.condition in ("absent", "elsewhere"):
        return lines
    lines += [_seen(seen, calendar, now) for seen in status.seen] or ["no OpenCode has started since with it"]
    lines += [f"trouble: {trouble.sentence}; {trouble.remedy}" for trouble in status.troubles]
    if status.outdated:
        lines.append("the plugin is of another version; run `opencode-tui guard install`")
    return lines + [f"not held: {what}" for what in NOT_HELD]


def _seen(seen: PluginLoad, calendar: Calendar, now: int) -> str:
    which = f"OpenCode {seen.version or seen.generation}"
    when = calendar.moment(seen.at_ms, now)
    if seen.current:
        return f"{which} has loaded it ({when})"
    return f"{which} has loaded the plugin of another version ({when}); start it again"


def _as_json(status: GuardStatus, spent: int, least: bool, calendar: Calendar) -> dict[str, object]:
    lifted = status.lifted_until_ms
    return {
        "schema_version": SCHEMA_VERSION,
        "guarded": status.guarded,
        "condition": status.condition,
        "words": guard_words(status.record, calendar, now_ms()),
        "detail": status.detail,
        "spent_usd": usd(spent),
        "lower_bound": least,
        "warning_usd": usd(status.warning_nano),
        "cutoff_usd": usd(status.cutoff_nano),
        "raised": status.raised,
        "lifted_until": calendar.iso(lifted) if lifted else None,
        "trouble": status.trouble,
        "troubles": [
            {"cause": each.cause, "held": each.held, "sentence": each.sentence, "at": calendar.iso(each.at_ms)}
            for each in status.troubles
        ],
        "loaded_by": [
            {"opencode": each.version, "at": calendar.iso(each.at_ms), "current": each.current} for each in status.seen
        ],
        "not_held": list(NOT_HELD),
        "outdated": status.outdated,
        "plugin": str(status.plugin),
        "state_file": str(status.state_file),
        "projects": {name: usd(nano) for name, nano in status.projects.items()},
        "agents": {name: usd(nano) for name, nano in status.agents.items()},
        **held_json(status.held),
        "lifts": {what: calendar.iso(until) for what, until in status.lifts.items()},
    }


def _installed() -> Path:
    """The state file of the installed guard. Raises Trouble if there is none."""
    file = install.installed_state(install.plugin_file(os.environ))
    if file is None:
        raise Trouble("there is no guard in OpenCode; `opencode-tui guard install` puts one there")
    return file


def _spent_today(settings: Settings) -> tuple[Path, int]:
    """Sync the ledger. Returns its path and today's spend in nano-dollars."""
    calendar = calendar_for(settings.timezone)
    with using_ledger(settings) as ledger:
        synced(settings, ledger)
        return ledger.path.absolute(), queries.spend(ledger.connection, calendar.span(calendar.day(now_ms())))
