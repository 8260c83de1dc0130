from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from opencode_tui.config import SettingsError, load_settings
from opencode_tui.config.settings import Settings
from opencode_tui.config.table import file_key
from opencode_tui.paths import config_file
from tests.support.options import RULE_OPTIONS

Texts = dict[str, str]


def sentence(config: Path, text: str = "", env: Texts | None = None, flags: Texts | None = None) -> str:
    """The error's sentence, with the file's folder left out."""
    config.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(flags, env or {}, config)
    return str(caught.value).replace(f"{config.parent}{os.sep}", "")


# What is told when a setting is wrong

AMOUNT = "is not an amount in USD; write a number such as 0.80"
NO_ADDRESS = "is no address to send a key to; write https://…, or http:// on this machine, without a name or password"
MAY = "from = 2026-05-01"
PRICE = "is not a price in USD per million tokens; write a number such as 0.95"
WHOLE_PATH = 'is not a whole path; write a project\'s in quotes, such as "~/shop"'
RANGE = "is out of range; write an amount above 0 and below 1000000"
SECONDS = "is not a number of seconds; write one from 0.2 to 3600"
WRONG = {
    "[budget]\nwarnin_usd = 1": "budget.warnin_usd: unknown key (did you mean 'warning_usd'?)",
    "[budget]\ndaily = 1": "budget.daily: unknown key (there are cutoff_usd, warning_usd, week_target_usd)",
    "Timezone = 'UTC'": "Timezone: unknown key (did you mean 'timezone'?)",
    "[budgt]\nwarning_usd = 1": "budgt: unknown key (did you mean 'budget'?)",
    '"a b" = 1': (
        '"a b": unknown key (there are alerts, budget, budgets, channels, chart, data_dirs, environment, guard, '
        "insights, ledger, machine, network, poll, pricing, privacy, quota, tags, team, timezone, ui)"
    ),
    "budget = 5": "budget: 5 is not a table; write its keys below [budget]",
    "[[budget]]\nwarning_usd = 1": "budget: a list is not a table; write its keys below [budget]",
    "[budget]\nwarning_usd = 'abc'": f"budget.warning_usd: 'abc' {AMOUNT}",
    "[budget]\nwarning_usd = nan": f"budget.warning_usd: NaN {AMOUNT}",
    "[budget]\nwarning_usd = true": f"budget.warning_usd: true {AMOUNT}",
    "[budget]\nwarning_usd = [1]": f"budget.warning_usd: a list {AMOUNT}",
    "[chart]\ncutoff_usd = 0": f"chart.cutoff_usd: 0 {RANGE}",
    "[chart]\ncutoff_usd = 1e6": f"chart.cutoff_usd: 1E+6 {RANGE}",
    "[budget]\nwarning_usd = 2": (
        "budget.warning_usd: the warning at $2.00 comes after the cutoff at $1.50; "
        "lower the warning or raise the cutoff"
    ),
    "[chart]\ncutoff_usd = 1": (
        "chart.cutoff_usd: the warning at $1.50 comes after the cutoff at $1.00; lower the warning or raise the cutoff"
    ),
    "[pricing]\nprefer = 'lst'": "pricing.prefer: 'lst' is neither 'recorded' nor 'list'; write one of them",
    "[pricing.custom.kimi-k2.6]\ninput = 1": (
        "pricing.custom.kimi-k2: a model is named with its provider; "
        'write provider/model in quotes, such as "opencode/kimi-k2.6"'
    ),
    "[pricing.custom.'a/b']\ninput = -1": (
        'pricing.custom."a/b".input: -1 is out of range; write a price from 0 to below 1000000'
    ),
    "[pricing.custom.'a/b']\noutput = 'x'": f"pricing.custom.\"a/b\".output: 'x' {PRICE}",
    "[pricing.custom.'a/b']\noutputs = 1": ("pricing.custom.\"a/b\".outputs: unknown key (did you mean 'output'?)"),
    "[pricing.custom.'a/b']\nfrom = 'May'": (
        "pricing.custom.\"a/b\".from: 'May' is not a day; write one such as 2026-05-01"
    ),
    "[pricing.custom.'a/b']\nfrom = 2026-05-01T00:00:00Z": (
        'pricing.custom."a/b".from: 2026-05-01 00:00:00+00:00 is not a day; write one such as 2026-05-01'
    ),
    "[pricing.custom.'a/b']\nhours = '4-8'": (
        "pricing.custom.\"a/b\".hours: '4-8' is no part of a day; write its hours such as '16:30-00:30'"
    ),
    "[pricing.custom.'a/b']\nhours = '08:00-08:00'": (
        "pricing.custom.\"a/b\".hours: '08:00-08:00' begins when it ends; write hours such as '16:30-00:30'"
    ),
    "[pricing.custom]\n'a/b' = [{input = 1}, {input = 'x'}]": f"pricing.custom.\"a/b\".2.input: 'x' {PRICE}",
    "[pricing.custom]\n'a/b' = [{inputs = 1}]": (
        "pricing.custom.\"a/b\".1.inputs: unknown key (did you mean 'input'?)"
    ),
    "[pricing.custom]\n'a/b' = [{input = 1}, {input = 2}]": (
        'pricing.custom."a/b": two prices hold without a day in `from`; give them different days, or hours to one'
    ),
    f"[pricing.custom]\n'a/b' = [{{{MAY}, hours = '08:00-12:00'}}, {{{MAY}, hours = '11:00-24:00'}}]": (
        'pricing.custom."a/b": two prices from 2026-05-01 on hold at the same time, 08:00-12:00 and 11:00-24:00; '
        "let one end where the other begins"
    ),
    "[pricing.custom]\n'a/b' = 1": (
        'pricing.custom."a/b": 1 is not a table; write its keys below [pricing.custom."a/b"]'
    ),
    "[poll]\ninterval_s = 0.1": "poll.interval_s: 0.1 is out of range; write seconds from 0.2 to 3600",
    "[poll]\ninterval_s = 3600.5": "poll.interval_s: 3600.5 is out of range; write seconds from 0.2 to 3600",
    "[poll]\ninterval_s = nan": f"poll.interval_s: NaN {SECONDS}",
    "[poll]\ninterval_s = true": f"poll.interval_s: true {SECONDS}",
    "[ui]\nmouse = 1": "ui.mouse: 1 is neither true nor false; write one of them",
    "[ui]\ntheme = 1979-05-27": "ui.theme: 1979-05-27 is not text; write it in quotes",
    'machine = "a\\u001bb"': "machine: 'a\\x1bb' has a control character in it; take it out",
    "timezone = 'Europe/Berlim'": (
        "timezone: no time zone is called 'Europe/Berlim'; write one such as 'Europe/Berlin', or '' for the machine's"
    ),
    "data_dirs = 3": 'data_dirs: 3 is not a list of paths; write one such as ["/first", "/second"]',
    "data_dirs = ['']": "data_dirs: '' is not a path; write it in quotes, such as '~/ledger.db'",
    "ledger = 3": "ledger: 3 is not a path; write it in quotes, such as '~/ledger.db'",
    'ledger = "a\\u0000"': "ledger: 'a\\x00' is not a path; write it in quotes, such as '~/ledger.db'",
    "ledger = '~nobody-of-this-name/l'": (
        "ledger: no home directory is known for '~nobody-of-this-name/l'; write the whole path"
    ),
    "[alerts.session]\nwarning_usd = 'no'": f"alerts.session.warning_usd: 'no' {AMOUNT}, or 'off'",
    "[alerts.session]\nwarning_usd = false": f"alerts.session.warning_usd: false {AMOUNT}, or 'off'",
    "[alerts.rate]\ncutoff_usd = -1": (
        "alerts.rate.cutoff_usd: -1 is out of range; write an amount from 0 to below 1000000, or 'off'"
    ),
    "[alerts]\nevery_calls = 2.5": "alerts.every_calls: 2.5 is not a whole number; write one such as 8, or 'off'",
    "[alerts]\nsame_file = true": "alerts.same_file: true is not a whole number; write one such as 8, or 'off'",
    '[channels]\nwebhook = "https://hooks.example/SECRET"': (
        "channels.webhook: an address is none of 'notice', 'warning', 'cutoff', 'off'; write one of them"
    ),
    '[channels]\nwebhook_url_file = "https://hooks.example/SECRET"': (
        "channels.webhook_url_file: this is an address, a secret; put it into a file of its own, and write that file's"
        " path here"
    ),
    "[alerts]\nsame_call = -1": (
        "alerts.same_call: -1 is out of range; write a whole number from 0 to 1000000, or 'off'"
    ),
    "[alerts.context]\nwarning = 101": (
        "alerts.context.warning: 101 is out of range; write a whole percent from 0 to 100, or 'off'"
    ),
    "[alerts]\nsession = 1": "alerts.session: 1 is not a table; write its keys below [alerts.session]",
    "[alerts.session]\nwarn_usd = 1": "alerts.session.warn_usd: unknown key (did you mean 'warning_usd'?)",
    "[alerts.day]\nwarning_usd = 1": (
        f"alerts.day: unknown key (there are {', '.join(sorted(file_key(name) for name in (*RULE_OPTIONS, 'spend')))})"
    ),
    "[alerts.session]\nwarning_usd = 0.3": (
        "alerts.session.warning_usd: the notice at $0.50 comes after the warning at $0.30; "
        "lower the notice or raise the warning"
    ),
    "[alerts.context]\nnotice = 96": (
        "alerts.context.notice: the notice at 96% comes after the warning at 95%; lower the notice or raise the warning"
    ),
    "[alerts.month]\nnotice_usd = 3\ncutoff_usd = 2": (
        "alerts.month.notice_usd: the notice at $3.00 comes after the cutoff at $2.00; "
        "lower the notice or raise the cutoff"
    ),
    "[alerts.week]\nnotice_usd = 9": (
        "alerts.week.notice_usd: the notice at $9.00 comes after the warning at $7.00; "
        "lower the notice or raise the warning"
    ),
    "[budget]\nweek_target_usd = 9\n[alerts.week]\ncutoff_usd = 8": (
        "alerts.week.cutoff_usd: the warning at $9.00 comes after the cutoff at $8.00; "
        "lower the warning or raise the cutoff"
    ),
    "[quota.'a b']\nwindows = { day = 1 }": (
        'quota."a b": a plan is named with at most 40 letters, digits, dots, - and _; write one such as copilot'
    ),
    "[quota.acme]\nwindows = { day = 1 }": (
        'quota.acme: this plan has no providers; write such as providers = ["github-copilot"]'
    ),
    "[quota.acme]\nproviders = ['acme']": (
        "quota.acme: this plan has no windows; write such as windows = { month = 300 }"
    ),
    "[quota.acme]\nproviders = 'acme'": (
        "quota.acme.providers: 'acme' is not a list of providers; write one such as [\"github-copilot\"]"
    ),
    "[quota.opencode-go]\nwindows = { '200h' = 1 }": (
        "quota.opencode-go.windows: '200h' is no window; write hours from 1h to 168h, day, week or month"
    ),
    "[quota.opencode-go]\nwindows = { day = 0 }": (
        "quota.opencode-go.windows: the cap 0 of day is out of range; write a number above 0, to 1000000000"
    ),
    "[quota.opencode-go]\nwindows = { day = 'much' }": (
        "quota.opencode-go.windows: 'much' is not a cap of day; write a number such as 30"
    ),
    "[quota.opencode-go]\ncounts = { glm-5 = 1.2345 }": (
        "quota.opencode-go.counts: 1.2345 for 'glm-5' is out of range; write from 0 to 1000, with at most three "
        "decimals"
    ),
    "[quota.opencode-go]\nunit = 'eur'": (
        "quota.opencode-go.unit: 'eur' is none of 'usd', 'calls', 'turns'; write one of them"
    ),
    "[quota.opencode-go]\nmonth_day = 0": (
        "quota.opencode-go.month_day: 0 is not a day of the month; write one from 1 to 31"
    ),
    "[quota.opencode-go]\nmonthday = 1": "quota.opencode-go.monthday: unknown key (did you mean 'month_day'?)",
    "[network]\nzen_url = 'http://zen.example/v1'": f"network.zen_url: this {NO_ADDRESS}",
    "[network]\nzen_url = 'https://me:secret@zen.example'": f"network.zen_url: this {NO_ADDRESS}",
    "[network]\nzen_url = ''": f"network.zen_url: an empty text {NO_ADDRESS}",
    "[network]\nconsole_cookie_file = 'auth=Fe26.2**secret'": (
        "network.console_cookie_file: this is a cookie, a secret; put it into a file of its own, and write that file's "
        "path here"
    ),
    "[team]\nshare = 'all'": "team.share: 'all' is none of 'sums', 'sessions', 'titles'; write one of them",
    "[team.push]\nto = 'postgresql://anna:hunter2@db/costs'": (
        "team.push.to: this address holds a password, which others could see; leave it out, and give it in PGPASSWORD,"
        " in ~/.pgpass or in the file team.push.password_file"
    ),
    "[team.push]\nto = 'db.example'": (
        "team.push.to: this is no address of a database; write one such as postgresql://anna@db.example/costs"
    ),
    "[team.seats]\n'a/b' = '~/a.db'": ("team.seats: 'a/b' is no name of a seat: it has a slash; leave that out"),
    "[team.seats]\nanna = { share = 'titles' }": (
        "team.seats: the seat 'anna' needs a path, and can have a share; write such as { path = '~/anna.db' }"
    ),
    "[alerts.spend.'a b']\nwarning_usd = 1": (
        'alerts.spend."a b": a rule is named with at most 40 letters, digits, - and _; write one such as opus-a-day'
    ),
    "[alerts.spend.opus]\nscope = 'models'\nwarning_usd = 1": (
        "alerts.spend.opus.scope: 'models' is none of 'all', 'session', 'project', 'model', 'provider', 'agent'; "
        "write one of them"
    ),
    "[alerts.spend.opus]\nperiod = 'hour'\nwarning_usd = 1": (
        "alerts.spend.opus.period: 'hour' is none of 'day', 'week', 'month'; write one of them"
    ),
    "[alerts.spend.opus]\nwarning = 1": "alerts.spend.opus.warning: unknown key (did you mean 'warning_usd'?)",
    "[alerts.spend.opus]\nscope = 'model'": (
        "alerts.spend.opus: this rule has no line; write a notice_usd, a warning_usd or a cutoff_usd"
    ),
    "[alerts.spend.opus]\nonly = 'opus'\nwarning_usd = 1": (
        "alerts.spend.opus: 'only' needs to know of what; write a scope beside it, such as scope = \"model\""
    ),
    "[alerts.spend.opus]\nwarning_usd = 2\ncutoff_usd = 1": (
        "alerts.spend.opus.warning_usd: the warning at $2.00 comes after the cutoff at $1.00; "
        "lower the warning or raise the cutoff"
    ),
    "[channels]\ntoast = 'loud'": (
        "channels.toast: 'loud' is none of 'notice', 'warning', 'cutoff', 'off'; write one of them"
    ),
    "[channels]\ncommand_line = 'notify-send x'": (
        'channels.command_line: \'notify-send x\' is not a list of words; write one such as ["notify-send", "OpenCode"]'
    ),
    "[channels]\nwebhook_url = 'https://x'": "channels.webhook_url: unknown key (did you mean 'webhook_url_file'?)",
    "[guard.projects]\n'/shop' = 0": f'guard.projects."/shop": 0 {RANGE}',
    "[guard.projects]\nshop = 1": f"guard.projects.shop: 'shop' {WHOLE_PATH}",
    "[guard.projects]\n'' = 1": f"guard.projects.\"\": '' {WHOLE_PATH}",
    "[guard]\nidentical_calls = 1.5": "guard.identical_calls: 1.5 is not a whole number; write one such as 8, or 'off'",
    "[guard.rates.x]\nscope = 'agent'": (
        "guard.rates.x: this rate has no limit; write a calls_a_minute or an hour_usd"
    ),
    "[guard.rates.x]\nscope = 'tag'": (
        "guard.rates.x.scope: 'tag' is none of 'seat', 'project', 'agent', 'environment'; write one of them"
    ),
    "[budgets.web]\nowner = 'Anna'": "budgets.web: this budget has no line; write a warning_usd or a cutoff_usd",
    "[budgets.web]\nscope = 'tag'\nonly = 'nope'\ncutoff_usd = 1": (
        "budgets.web.only: no tag is called 'nope'; see [tags], which has none"
    ),
    "[budgets.web]\nscope = 'tag'\nonly = 'nope'\ncutoff_usd = 1\n[tags]\na = '/a'\nb = '/b'": (
        "budgets.web.only: no tag is called 'nope'; see [tags], which has a, b"
    ),
    "[budgets.web]\nscope = 'tag'\ncutoff_usd = 1": (
        'budgets.web: this budget is for one tag; write which, such as only = "client-a"'
    ),
    "[budgets.web]\nci_usd = 2\ncutoff_usd = 1": (
        "budgets.web: ci_usd at $2.00 comes after the cutoff at $1.00; lower it"
    ),
    "[tags]\nweb = 'web/*'": "tags.web: 'web/*' is not a whole path; write one such as \"~/code/client-a/*\"",
    "[guard]\nagents = 1": "guard.agents: 1 is not a table; write its keys below [guard.agents]",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_setting_in_the_file_is_one_sentence(config: Path, text: str) -> None:
    assert sentence(config, text) == f"config.toml: {WRONG[text]}"


def test_a_long_value_is_cut(config: Path) -> None:
    shown = "x" * 40
    assert sentence(config, f"[pricing]\nprefer = '{'x' * 5000}'").startswith(
        f"config.toml: pricing.prefer: '{shown}'… is neither"
    )


def test_a_file_in_the_home_is_called_by_its_tilde(own_home: Path) -> None:
    (own_home / "my.toml").write_text("[ui]\nmouse = 1")
    with pytest.raises(SettingsError, match=r"^~[/\\]my\.toml: ui\.mouse: 1 is neither true nor false"):
        load_settings({}, {"OPENCODE_TUI_CONFIG_FILE": "~/my.toml"})


def test_the_first_of_several_is_reported_with_the_count_of_the_rest(config: Path) -> None:
    first = "config.toml: budget.warning_usd: 'abc' is not an amount in USD; write a number such as 0.80"
    two = "[budget]\nwarning_usd = 'abc'\n[ui]\nmouse = 1"
    assert sentence(config, two) == f"{first} (and 1 more setting is wrong)"
    assert sentence(config, two + "\ntheme = 1") == f"{first} (and 2 more settings are wrong)"


def test_a_wrong_variable_is_called_by_its_name(config: Path) -> None:
    assert sentence(config, "[budget]\nwarning_usd = 0.5", {"OPENCODE_TUI_BUDGET__WARNING_USD": "$1"}) == (
        "OPENCODE_TUI_BUDGET__WARNING_USD: '$1' is not an amount in USD; write a number such as 0.80"
    )
    assert sentence(config, env={"OPENCODE_TUI_PRICING__CUSTOM": '{"a/b": {"input": "x"}}'}) == (
        "OPENCODE_TUI_PRICING__CUSTOM: \"a/b\".input: 'x' is not a price in USD per million tokens; "
        "write a number such as 0.95"
    )
    assert sentence(config, env={"OPENCODE_TUI_PRICING__CUSTOM": "[1]"}) == (
        "OPENCODE_TUI_PRICING__CUSTOM: '[1]' is not a JSON table of prices; "
        'write one such as {"opencode/kimi-k2.6": {"input": 0.95, "output": 4}}'
    )
    assert sentence(config, env={"OPENCODE_TUI_DATA_DIRS": '["/a",'}) == (
        'OPENCODE_TUI_DATA_DIRS: this is not a JSON list of paths; write one such as ["/first", "/second"]'
    )


def test_a_wrong_flag_is_called_by_its_key(config: Path) -> None:
    assert sentence(config, flags={"poll.interval_s": "soon"}) == (
        "flag poll.interval_s: 'soon' is not a number of seconds; write one from 0.2 to 3600"
    )


def test_an_unknown_variable_is_an_error_that_names_it(config: Path) -> None:
    assert sentence(config, env={"OPENCODE_TUI_BUDGET_WARNING_USD": "1"}) == (
        "OPENCODE_TUI_BUDGET_WARNING_USD: unknown setting (did you mean 'OPENCODE_TUI_BUDGET__WARNING_USD'?)"
    )
    assert sentence(config, env={"OPENCODE_TUI_UI": "{}"}) == (
        "OPENCODE_TUI_UI: unknown setting (did you mean 'OPENCODE_TUI_UI__MOUSE'?)"
    )
    assert sentence(config, env={"OPENCODE_TUI_FOO": "1"}) == (
        "OPENCODE_TUI_FOO: unknown setting (config.example.toml has them all)"
    )


def test_rules_that_are_not_a_json_table_are_reported(config: Path) -> None:
    assert sentence(config, env={"OPENCODE_TUI_ALERTS__SPEND": "opus"}) == (
        "OPENCODE_TUI_ALERTS__SPEND: 'opus' is not a JSON table of rules; write one such as "
        '{"opus": {"scope": "model", "only": "opus", "warning_usd": 0.5}}'
    )


def test_an_unknown_flag_is_an_error_that_names_it(config: Path) -> None:
    assert sentence(config, flags={"budget.warn": "1"}) == (
        "flag budget.warn: unknown setting (did you mean 'budget.warning_usd'?)"
    )


def test_a_warning_past_the_cutoff_is_reported_where_it_was_set_last(config: Path) -> None:
    text = "[budget]\ncutoff_usd = 1"
    rest = "the warning at $1.20 comes after the cutoff at $1.00; lower the warning or raise the cutoff"
    env = {"OPENCODE_TUI_BUDGET__WARNING_USD": "1.2"}
    assert sentence(config, text, env) == f"OPENCODE_TUI_BUDGET__WARNING_USD: {rest}"
    assert sentence(config, text, flags={"budget.warning_usd": "1.2"}) == f"flag budget.warning_usd: {rest}"


def test_a_warning_at_the_cutoff_is_in_order() -> None:
    budget = load_settings({"budget.warning_usd": "1.5"}, {}).budget
    assert budget.warning_nano == budget.cutoff_nano


# What is told when the file is wrong


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("machine = \n", "line 1, column 11"),
        ("[budget]\nwarning_usd 1\n", "line 2, column 13"),
        ("data_dirs = [\n  '/a'", "line 2, column 7"),
    ],
)
def test_broken_toml_is_reported_with_its_line_and_column(config: Path, text: str, place: str) -> None:
    told = sentence(config, text)
    assert re.fullmatch(rf"config\.toml: {place}: [a-z][^\n]+; correct the TOML there", told)


@pytest.mark.parametrize("text", ["x = " + "[" * 5000, "x = " + "1" * 5000])
def test_toml_that_no_reader_can_hold_is_reported(config: Path, text: str) -> None:
    assert sentence(config, text) == "config.toml: a value is too long or nested too deeply; shorten it"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"machine = '\xff'", "line 1, column 12"),
        (b"\xef\xbb\xbf# \xc3\xa9\nmachine = '\xc3\xa9\xff'", "line 2, column 13"),
        ("machine = 'x'".encode("utf-16"), "line 1, column 1"),
    ],
)
def test_a_file_that_is_not_utf8_is_reported_with_its_place(config: Path, data: bytes, place: str) -> None:
    config.write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {}, config)
    assert str(caught.value) == f"{config}: {place}: not UTF-8 text; save the file as UTF-8"


def test_a_file_that_may_not_be_read_is_reported(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert sentence(config) == ("config.toml: cannot be read (permission denied); correct its path or its permissions")


def test_a_file_in_a_closed_folder_is_reported(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    config.write_text("")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refuse)
        with pytest.raises(SettingsError) as caught:
            load_settings({}, {}, config)
    assert str(caught.value) == (f"{config}: cannot be read (permission denied); correct its path or its permissions")


def test_a_directory_in_the_files_place_is_reported(config: Path) -> None:
    config.mkdir()
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {}, config)
    assert str(caught.value) == f"{config}: this is a directory; put a file with the settings in its place"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_in_the_files_place_is_reported_and_not_waited_for(config: Path) -> None:
    os.mkfifo(config)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {}, config)
    assert str(caught.value).startswith(f"{config}: this is not a plain file; put a file with the settings")


@pytest.mark.skipif(os.name == "nt", reason="no /dev/null")
def test_the_null_device_stands_for_no_settings() -> None:
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    assert load_settings({}, {"OPENCODE_TUI_CONFIG_FILE": os.devnull}) == Settings()


def test_a_file_that_was_named_has_to_exist(config: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {}, config)
    assert str(caught.value) == (f"{config}: there is no such file, though the command line names it; correct the name")
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {"OPENCODE_TUI_CONFIG_FILE": str(config)})
    assert str(caught.value) == (
        f"{config}: there is no such file, though OPENCODE_TUI_CONFIG_FILE names it; correct the name"
    )


def test_a_file_in_the_home_of_nobody_is_reported() -> None:
    rest = "no home directory is known for '~nobody-of-this-name/c'; write the whole path"
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {"OPENCODE_TUI_CONFIG_FILE": "~nobody-of-this-name/c"})
    assert str(caught.value) == f"OPENCODE_TUI_CONFIG_FILE: {rest}"


def test_a_link_that_leads_nowhere_is_reported(own_home: Path) -> None:
    place = config_file({})
    place.parent.mkdir(parents=True)
    place.symlink_to(own_home / "gone.toml")
    with pytest.raises(SettingsError, match=r"config\.toml: the link leads to no file; mend or remove it$"):
        load_settings({}, {})


@pytest.mark.parametrize("key", ["data_dirs", "ledger"])
def test_a_wrong_path_by_flag_is_reported_the_same_with_and_without_pydantic(config: Path, key: str) -> None:
    told = f"flag {key}: no home directory is known for '~nobody-of-this-name/x'; write the whole path"
    with pytest.raises(SettingsError) as caught:
        load_settings({key: "~nobody-of-this-name/x"}, {})
    assert str(caught.value) == told
    assert sentence(config, flags={key: "~nobody-of-this-name/x"}) == told
