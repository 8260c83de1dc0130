"""The guard in OpenCode."""

from __future__ import annotations

from opencode_tui.cli.options.parsers import Commands


def add_guard(commands: Commands) -> None:
    what = "hold the cutoff inside OpenCode: refuse its next model call once the day has cost that much"
    add = commands.add_with_actions("guard", what, example="guard install")
    add("install", "put the guard into OpenCode, or bring it up to date", example="guard install")
    add("remove", "take the guard out of OpenCode", example="guard remove")
    status = add("status", "say whether calls are held, and to what", example="guard status --json")
    status.add_argument("--json", action="store_true", help="print JSON")
    status.add_argument("--ask", action="store_true", help="ask OpenCode 2's own server on this machine as well")
    status.add_argument("--server", metavar="URL", default="", help="ask this one, on this machine")
    lift_parser = add(
        "lift", "refuse nothing for a while, or nothing because of one kind of limit", example="guard lift --for 30m"
    )
    lift_parser.add_argument("what", nargs="?", metavar="WHAT", default="", help="rate, loop, subagent or budget alone")
    lift_parser.add_argument("name", nargs="?", metavar="NAME", default="", help="this budget alone")
    lift = lift_parser.add_mutually_exclusive_group(required=True)
    lift.add_argument("--for", dest="time", metavar="TIME", help="how long: 90s, 30m, 2h or today")
    lift.add_argument("--off", action="store_true", help="hold again")
    raised = add("raise", "raise the cutoff for today", example="guard raise 2.50").add_mutually_exclusive_group(
        required=True
    )
    raised.add_argument("amount", nargs="?", metavar="USD", help="to how much, such as 2.50")
    raised.add_argument("--off", action="store_true", help="hold the settings' cutoff again")
