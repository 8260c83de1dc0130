from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import fields

from opencode_tui.config import load_settings
from opencode_tui.config.errors import SettingsError
from opencode_tui.config.held import NamedBudget, RateLimit
from opencode_tui.config.model import NAMED_TABLES, all_keys, document_with, tables_in
from opencode_tui.config.options import declared
from opencode_tui.config.settings import (
    GO_PLAN,
    Budget,
    CustomPrice,
    CustomTier,
    Fills,
    GuardCaps,
    Lines,
    Network,
    QuotaPlan,
    Settings,
    SpendRule,
)
from opencode_tui.config.table import keys_in
from opencode_tui.config.team import TeamPush, TeamSeat
from opencode_tui.money import NANO
from tests.support.options import CHANNEL_OPTIONS, INSIGHT_OPTIONS, RULE_OPTIONS, option, value
from tests.support.paths import ROOT
from tests.support.records import replace

EXAMPLE = ROOT / "config.example.toml"
CENT = 10_000_000
DEFAULT = Settings()
TABLES = tables_in(document_with(declared()))
KEYS = all_keys(TABLES)
Texts = dict[str, str]


def load(config: Path, text: str, env: Texts | None = None, flags: Texts | None = None) -> Settings:
    config.write_text(text, encoding="utf-8")
    return load_settings(flags, env or {}, config)


DECLARED = {"alerts": RULE_OPTIONS, "channels": CHANNEL_OPTIONS, "insights": INSIGHT_OPTIONS}


def keys_of(record: object, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The keys that a settings record has in the file: its fields and options, with `_usd` for `_nano`."""
    assert isinstance(record, Struct)
    of = {field.name: getattr(record, field.name) for field in fields(record)}
    if "options" in of:
        del of["options"]
        of |= {name: option.default for name, option in DECLARED[above[-1]].items()}
    for name, each in of.items():
        key = (*above, re.sub("_nano$", "_usd", name).rstrip("_"))
        if isinstance(each, Struct):
            yield from keys_of(each, key)
        else:
            yield key


# Which one wins


def test_without_anything_the_defaults_are_in_force() -> None:
    assert load_settings({}, {}) == DEFAULT
    assert load_settings() == DEFAULT


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "[budget]\n"])
def test_an_empty_file_gives_the_defaults(config: Path, text: str) -> None:
    assert load(config, text) == DEFAULT


def test_the_file_goes_before_the_defaults(config: Path) -> None:
    settings = load(config, 'timezone = "Europe/Berlin"\n[budget]\nwarning_usd = 0.5')
    assert settings.timezone == "Europe/Berlin"
    assert settings.budget == replace(DEFAULT.budget, warning_nano=50 * CENT)


def test_the_environment_goes_before_the_file_key_by_key(config: Path) -> None:
    env = {"OPENCODE_TUI_BUDGET__WARNING_USD": "0.6", "OPENCODE_TUI_TIMEZONE": "Asia/Tokyo"}
    settings = load(config, 'timezone = "UTC"\n[budget]\nwarning_usd = 0.5\ncutoff_usd = 0.9', env=env)
    assert settings.timezone == "Asia/Tokyo"
    assert settings.budget == Budget(60 * CENT, 90 * CENT, DEFAULT.budget.week_target_nano)


def test_the_environment_goes_before_the_defaults() -> None:
    assert load_settings({}, {"OPENCODE_TUI_UI__MOUSE": "false"}).ui.mouse is False


def test_a_flag_goes_before_the_environment_and_the_file(config: Path) -> None:
    env = {"OPENCODE_TUI_LEDGER": "/env.db", "OPENCODE_TUI_BUDGET__WARNING_USD": "0.6"}
    text = 'ledger = "/file.db"\n[budget]\nwarning_usd = 0.5'
    settings = load(config, text, env, {"ledger": "/flag.db", "budget.warning_usd": "0.7"})
    assert settings.ledger == Path("/flag.db")
    assert settings.budget.warning_nano == 70 * CENT


def test_a_flag_goes_before_the_file_and_the_defaults(config: Path) -> None:
    assert load(config, "[poll]\ninterval_s = 5", flags={"poll.interval_s": "0.2"}).poll.interval_s == 0.2
    assert load_settings({"machine": "laptop"}, {}).machine == "laptop"


def test_an_empty_variable_gives_nothing(config: Path) -> None:
    assert load(config, 'timezone = "UTC"', env={"OPENCODE_TUI_TIMEZONE": ""}).timezone == "UTC"


def test_the_processs_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_TUI_MACHINE", "laptop")
    assert load_settings().machine == "laptop"
    assert load_settings({}, {}).machine == ""


def test_the_file_is_found_in_the_platforms_place(own_home: Path) -> None:
    from opencode_tui.paths import config_file

    place = config_file({})
    place.parent.mkdir(parents=True)
    place.write_text('machine = "laptop"')
    assert load_settings({}, {}).machine == "laptop"


def test_the_environment_names_the_file_and_the_argument_goes_before_it(config: Path, own_home: Path) -> None:
    (own_home / "env.toml").write_text('machine = "by variable"')
    env = {"OPENCODE_TUI_CONFIG_FILE": "~/env.toml"}
    assert load_settings({}, env).machine == "by variable"
    assert load(config, 'machine = "by argument"', env=env).machine == "by argument"


# What values may be


def test_amounts_are_exact_to_the_nano_dollar(config: Path) -> None:
    budget = load(
        config, "[budget]\nwarning_usd = 0.123456789\ncutoff_usd = 1\nweek_target_usd = 999999.999999999"
    ).budget
    assert (budget.warning_nano, budget.cutoff_nano) == (123_456_789, 1_000_000_000)
    assert budget.week_target_nano == 999_999_999_999_999


def test_custom_prices_are_nano_dollars_per_million_tokens(config: Path) -> None:
    kimi = '[pricing.custom."opencode/kimi-k2.6"]\ninput = 0.95\noutput = 4\n'
    assert load(config, kimi + '[pricing.custom."a/b/c"]\ncache_read = 0.16').pricing.custom == {
        "opencode/kimi-k2.6": (CustomPrice(input=950_000_000, output=4_000_000_000),),
        "a/b/c": (CustomPrice(cache_read=160_000_000),),
    }


def test_custom_prices_can_hold_from_a_day_on_and_at_hours_of_the_day(config: Path) -> None:
    text = (
        '[[pricing.custom."a/b"]]\ninput = 1\n[[pricing.custom."a/b"]]\ninput = 2\nfrom = 2026-05-01\n'
        '[[pricing.custom."a/b"]]\ninput = 0.5\nfrom = 2026-05-01\nhours = "16:30-00:30"\nzone = "Asia/Shanghai"\n'
    )
    usd, may = 100 * CENT, date(2026, 5, 1)
    expected = (
        CustomPrice(usd),
        CustomPrice(2 * usd, from_=may),
        CustomPrice(usd // 2, from_=may, hours=(990, 30), zone="Asia/Shanghai"),
    )
    assert load(config, text).pricing.custom == {"a/b": expected}
    env = {
        "OPENCODE_TUI_PRICING__CUSTOM": '{"a/b": [{"input": 1}, {"input": 2, "from": "2026-05-01"}, {"input": 0.5,'
        ' "from": "2026-05-01", "hours": "16:30-00:30", "zone": "Asia/Shanghai"}]}'
    }
    assert load_settings({}, env).pricing.custom == {"a/b": expected}


def test_custom_prices_in_the_environment_are_json() -> None:
    env = {"OPENCODE_TUI_PRICING__CUSTOM": '{"a/b": {"input": 0.1, "cache_write": "0.2"}}'}
    custom = load_settings({}, env).pricing.custom
    assert custom == {"a/b": (CustomPrice(input=100_000_000, cache_write=200_000_000),)}


def test_data_directories_are_a_list_or_divided_text(config: Path, own_home: Path) -> None:
    two = (own_home / "a", Path("/b"))
    divided = os.pathsep.join(["~/a", "/b"])
    assert load(config, 'data_dirs = ["~/a", "/b"]').data_dirs == two
    assert load_settings({}, {"OPENCODE_TUI_DATA_DIRS": divided}).data_dirs == two
    assert load_settings({}, {"OPENCODE_TUI_DATA_DIRS": '["~/a", "/b"]'}).data_dirs == two
    assert load_settings({"data_dirs": divided}, {}).data_dirs == two


def test_relative_paths_start_from_the_files_folder_or_from_where_the_command_was_typed(config: Path) -> None:
    text = 'data_dirs = ["store"]\nledger = "ledger.db"'
    assert load(config, text).data_dirs == (config.parent / "store",)
    assert load(config, text).ledger == config.parent / "ledger.db"
    assert load(config, text, flags={"ledger": "my.db"}).ledger == Path("my.db")
    assert load(config, text, env={"OPENCODE_TUI_DATA_DIRS": "x"}).data_dirs == (Path("x"),)


@pytest.mark.parametrize("yes", ["true", "TRUE", "yes", "on", "1"])
def test_a_switch_in_the_environment_is_a_word(yes: str, config: Path) -> None:
    assert load(config, "[ui]\nmouse = false", env={"OPENCODE_TUI_UI__MOUSE": yes}).ui.mouse is True


def test_a_byte_order_mark_is_no_fault(config: Path) -> None:
    config.write_bytes(b'\xef\xbb\xbfmachine = "laptop"\r\n')
    assert load_settings({}, {}, config).machine == "laptop"


# Alerts, channels and caps


def test_a_level_that_is_left_out_keeps_its_default(config: Path) -> None:
    alerts = load(config, "[alerts.session]\ncutoff_usd = 3\n[alerts.context]\nnotice = 70").alerts
    assert value(alerts, "session") == replace(option("session").default, cutoff_nano=300 * CENT)
    assert value(alerts, "context") == Fills(70, 95, None)


@pytest.mark.parametrize("off", ["'off'", "0"])
def test_off_and_0_switch_a_rule_or_a_level_off(config: Path, off: str) -> None:
    text = f"[alerts]\nsame_call = {off}\nevery_usd = {off}\n[alerts.session]\nnotice_usd = {off}\n"
    alerts = load(config, f"{text}[alerts.context]\nwarning = {off}").alerts
    assert (value(alerts, "same_call"), value(alerts, "every_nano")) == (0, 0)
    assert value(alerts, "session") == Lines(warning_nano=100 * CENT)
    assert value(alerts, "context") == Fills(notice=80)


def test_the_weeks_warning_is_its_target_unless_it_is_set(config: Path) -> None:
    def week(text: str, env: Texts | None = None) -> object:
        return value(load(config, text, env=env).alerts, "week")

    target = "[budget]\nweek_target_usd = 5\n"
    assert week(target) == Lines(warning_nano=500 * CENT)
    assert week(target + "[alerts.week]\ncutoff_usd = 9") == Lines(None, 500 * CENT, 900 * CENT)
    assert week(target + "[alerts.week]\nwarning_usd = 6") == Lines(warning_nano=600 * CENT)
    assert week(target + "[alerts.week]\nwarning_usd = 'off'") == Lines()
    env = {"OPENCODE_TUI_ALERTS__WEEK__WARNING_USD": "4"}
    assert week(target, env) == Lines(warning_nano=400 * CENT)


def test_a_rule_of_the_users_own_has_a_name(config: Path) -> None:
    opus = SpendRule(Lines(warning_nano=50 * CENT), "model", "week", "opus")
    text = "[alerts.spend.opus]\nscope = 'model'\nperiod = 'week'\nonly = 'opus'\nwarning_usd = 0.5\n"
    all_day = "[alerts.spend.lunch]\nnotice_usd = 0.4"
    rules = {"opus": opus, "lunch": SpendRule(Lines(notice_nano=40 * CENT))}
    assert load(config, text + all_day).alerts.spend == rules
    json = '{"opus": {"scope": "model", "period": "week", "only": "opus", "warning_usd": 0.5}}'
    assert load_settings({}, {"OPENCODE_TUI_ALERTS__SPEND": json}).alerts.spend == {"opus": opus}


def test_channels_are_levels_and_a_command_is_a_list_of_words(config: Path) -> None:
    text = "[channels]\nbell = 'off'\nwebhook = 'warning'\nwebhook_url_file = 'hook'\ncommand_line = ['say', 'a b']"
    channels = load(config, text).channels
    assert (channels.toast, channels.bell, value(channels, "webhook")) == ("notice", "off", "warning")
    assert value(channels, "webhook_url_file") == config.parent / "hook"
    assert value(channels, "command_line") == ("say", "a b")
    env = {"OPENCODE_TUI_CHANNELS__COMMAND_LINE": '["say"]', "OPENCODE_TUI_CHANNELS__WEBHOOK_URL_FILE": "here"}
    assert value(load(config, text, env=env).channels, "command_line") == ("say",)
    assert value(load(config, text, env=env).channels, "webhook_url_file") == Path("here")


def test_caps_are_by_path_and_by_agent(config: Path, own_home: Path) -> None:
    text = '[guard.projects]\n"~/shop" = 1.50\n"/srv" = 2\n[guard.agents]\nbuild = 0.75'
    caps = GuardCaps({str(own_home / "shop"): 150 * CENT, "/srv": 200 * CENT}, {"build": 75 * CENT})
    assert load(config, text).guard == caps
    assert load_settings({}, {"OPENCODE_TUI_GUARD__AGENTS": '{"build": 0.75}'}).guard.agents == caps.agents


def test_the_webhooks_address_in_the_environment_is_no_setting() -> None:
    assert load_settings({}, {"OPENCODE_TUI_WEBHOOK_URL": "https://hooks.example/secret"}) == DEFAULT


def test_a_plan_with_the_name_of_opencode_go_changes_only_what_it_says(config: Path) -> None:
    settings = load(config, '[quota.opencode-go]\nmonth_day = 14\ncounts = { "glm-5" = 1.25 }')
    assert settings.quota == {"opencode-go": replace(GO_PLAN, month_day=14, counts={"glm-5": 1250})}
    env = {"OPENCODE_TUI_QUOTA": '{"acme": {"providers": ["acme"], "windows": {"5h": 1.5}, "unit": "calls"}}'}
    assert load_settings({}, env).quota == {"acme": QuotaPlan(("acme",), {"5h": 1_500_000_000}, "calls")}


def test_the_file_of_the_consoles_cookie_starts_from_the_settings_folder(config: Path, own_home: Path) -> None:
    for text in ("", "[pricing]\nprefer = 'list'\n"):
        settings = load(config, f"{text}[network]\nconsole_cookie_file = 'cookie'\nzen = true")
        assert settings.network == Network(zen=True, console_cookie_file=config.parent / "cookie")
    env = {"OPENCODE_TUI_NETWORK__CONSOLE_COOKIE_FILE": "here", "OPENCODE_TUI_CONSOLE_COOKIE": "secret"}
    assert load(config, "", env).network == Network(console_cookie_file=Path("here"))


def test_the_file_of_a_databases_password_starts_from_the_settings_folder(config: Path) -> None:
    for text in ("", "[pricing]\nprefer = 'list'\n"):
        settings = load(config, f"{text}[team.push]\nto = 'postgresql://anna@db/costs'\npassword_file = 'secret'")
        assert settings.team.push == TeamPush("postgresql://anna@db/costs", config.parent / "secret")
    env = {"OPENCODE_TUI_TEAM__PUSH__PASSWORD_FILE": "here"}
    assert load(config, "", env).team.push == TeamPush("", Path("here"))


# The example and the records


def test_the_example_file_loads_and_equals_the_defaults() -> None:
    assert load_settings({}, {}, EXAMPLE) == DEFAULT


# What the user gives names: the example has it behind a mark, to be taken away.
NAMED = {("pricing", "custom"), ("alerts", "spend"), ("quota",), ("guard", "rates"), ("budgets",)}


def test_the_example_file_has_every_setting() -> None:
    data = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    for key in keys_of(DEFAULT):
        if key not in NAMED:
            value = data
            for part in key:
                assert part in value, ".".join(key)
                value = value[part]


def test_what_the_example_has_behind_a_mark_loads_without_it(config: Path, own_home: Path) -> None:
    text = re.sub(r"(?m)^#(?=\S)", "", EXAMPLE.read_text(encoding="utf-8"))
    settings = load(config, text)
    opus = SpendRule(Lines(25 * CENT, 50 * CENT), "model", "day", "opus")
    price = CustomPrice(
        *(950_000_000, 4_000_000_000, 160_000_000, 0),
        from_=date(2026, 5, 1),
        hours=(990, 30),
        tiers=(CustomTier(200_000, 1_900_000_000, 8_000_000_000),),
    )
    assert settings.pricing.custom == {"opencode/kimi-k2.6": (price,)}
    assert settings.alerts == replace(DEFAULT.alerts, spend={"opus": opus})
    explorers = RateLimit(20, 50 * CENT, "agent", "explore")
    assert settings.guard == GuardCaps(
        {str(own_home / "shop"): 150 * CENT}, {"build": 75 * CENT}, rates={"explorers": explorers}
    )
    lines = (8 * NANO, 10 * NANO, 5 * NANO, 6 * NANO, 9 * NANO)
    assert settings.budgets == {"client-a": NamedBudget("tag", "client-a", "week", "Anna", *lines)}
    assert settings.tags == {"client-a": (str(own_home / "code/client-a/*"), "/srv/client-a")}
    counts, day = {"claude-opus-4.5": 3000, "gpt-5-mini": 0}, 1
    plan = QuotaPlan(("github-copilot",), {"month": 300 * NANO}, "turns", counts, "UTC", day)
    assert settings.quota == {"copilot": plan}
    seats = {"anna": TeamSeat(own_home / "team/anna.db"), "ben": TeamSeat(own_home / "team/ben", "titles")}
    assert settings.team.seats == seats
    rest = replace(settings, pricing=DEFAULT.pricing, alerts=DEFAULT.alerts, guard=DEFAULT.guard, quota={})
    rest = replace(rest, budgets={}, tags={}, team=DEFAULT.team)
    assert rest == DEFAULT
    data = tomllib.loads(text)
    named = (
        (("pricing", "custom"), "opencode/kimi-k2.6"),
        (("alerts", "spend"), "opus"),
        (("quota",), "copilot"),
        (("guard", "rates"), "explorers"),
        (("budgets",), "client-a"),
    )
    for key, name in named:
        table = data
        for part in (*key, name):
            table = table[part]
        assert set(keys_in(NAMED_TABLES[key])) == set(table)


TIER = "{ above = 200000, input = 2 }"


@pytest.mark.parametrize(
    ("tiers", "words"),
    [
        ("3", "is no list of tiers"),
        ("[3]", "is no list of tiers"),
        ("[{ input = 2 }]", "does not say above how many tokens"),
        ("[{ above = 0, input = 2 }]", "which 0 is not"),
        ("[{ above = true, input = 2 }]", "a number of tokens"),
        ("[{ above = 1e300, input = 2 }]", "a number of tokens"),
        ("[{ above = 200000 }]", "changes no price"),
        ("[{ above = 200000, inptu = 2 }]", "a tier has no 'inptu'"),
        ("[{ above = 200000, input = -2 }]", "input of the tier above 200000 tokens: -2 is out of range"),
        (f"[{TIER}, {TIER}]", "two tiers are above 200000 tokens"),
    ],
)
def test_a_tier_that_is_none_is_one_sentence(config: Path, tiers: str, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(config, f'[pricing.custom."a/b"]\ninput = 1\ntiers = {tiers}\n')
    assert words in str(refused.value) and 'pricing.custom."a/b".tiers' in str(refused.value)


def test_tiers_are_read_from_the_file_and_from_a_variable_in_ascending_order(config: Path) -> None:
    usd = 10**9
    found = (CustomTier(200_000, 2 * usd), CustomTier(400_000, cache_read=usd // 2))
    text = f"input = 1\ntiers = [{{ above = 400000, cache_read = 0.5 }}, {TIER}]"
    custom = load(config, f'[pricing.custom."a/b"]\n{text}\n').pricing.custom
    assert custom == {"a/b": (CustomPrice(usd, tiers=found),)}
    table = {"a/b": {"input": 1, "tiers": [{"above": 200000, "input": 2}, {"above": 400000, "cache_read": 0.5}]}}
    assert load(config, "", {"OPENCODE_TUI_PRICING__CUSTOM": json.dumps(table)}).pricing.custom == custom


def test_a_field_of_the_tables_that_holds_nano_dollars_says_so() -> None:
    amounts = {key for key in KEYS if key[-1].endswith("_usd")}
    fields = {(*path, name) for path, table in TABLES.items() for name in table.model_fields}
    assert {(*key[:-1], key[-1].removesuffix("_usd") + "_nano") for key in amounts} <= fields
    assert not [field for field in fields if field[-1].endswith("_usd")]


def test_the_file_can_hold_each_field_of_the_records_and_nothing_else() -> None:
    assert set(KEYS) == set(keys_of(DEFAULT))
    fields = {key: {(name,) for name in keys_in(table)} for key, table in NAMED_TABLES.items()}
    assert fields[("pricing", "custom")] == set(keys_of(CustomPrice()))
    rule = set(keys_of(SpendRule())) - {("lines", *key) for key in keys_of(Lines())}
    assert fields[("alerts", "spend")] == rule | set(keys_of(Lines()))
    assert fields[("quota",)] == set(keys_of(QuotaPlan()))
    assert fields[("guard", "rates")] == set(keys_of(RateLimit()))
    assert fields[("budgets",)] == set(keys_of(NamedBudget())) - {("of_team",), ("of_database",)}


# What is not imported


def imports_pydantic(load_call: str, **environ: str) -> bool:
    """Whether a new process begins to import pydantic for the call; if not, it checks that the call succeeds."""
    code = (
        "import os, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.partition('.')[0] in ('pydantic', 'pydantic_settings'):\n"
        "            os.write(1, b'True')\n"
        "            os._exit(0)\n"
        "sys.meta_path.insert(0, Finder())\n"
        f"from opencode_tui.config import load_settings\n{load_call}\nprint(False)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip() == "True"


def test_pydantic_is_not_imported_when_there_is_nothing_to_check() -> None:
    call = (
        "load_settings()\ns = load_settings({'data_dirs': '~/x', 'ledger': '/y'})\n"
        "from pathlib import Path\nassert (s.data_dirs, s.ledger) == ((Path.home() / 'x',), Path('/y'))"
    )
    assert not imports_pydantic(call, OPENCODE_TUI_TIMEZONE="")


def test_pydantic_is_not_imported_for_a_file_without_an_error(config: Path) -> None:
    config.write_text("[budget]\ncutoff_usd = 2\n[alerts.session]\nwarning_usd = 1\n[channels]\nbell = 'cutoff'\n")
    call = f"from pathlib import Path\nload_settings({{'ledger': '/y'}}, None, Path({str(config)!r}))"
    assert not imports_pydantic(call)
    config.write_text("[budget]\ncutof_usd = 2\n")
    assert imports_pydantic(
        f"try: {call.splitlines()[1]}\nexcept Exception: pass".replace("Path(", "__import__('pathlib').Path(")
    )


def test_pydantic_is_imported_when_a_variable_or_another_flag_sets_something() -> None:
    assert imports_pydantic("load_settings()", OPENCODE_TUI_TIMEZONE="UTC")
    assert imports_pydantic("load_settings({'machine': 'x'})")


def test_the_paths_by_flag_mean_the_same_with_and_without_pydantic(config: Path, own_home: Path) -> None:
    config.write_text("")
    flags = {"data_dirs": f"~/a{os.pathsep}/b", "ledger": "~/l.db"}
    assert load_settings(flags, {}) == load_settings(flags, {}, config)
    assert load_settings({"data_dirs": "", "ledger": ""}, {}) == DEFAULT
    assert load_settings({"data_dirs": "", "ledger": ""}, {}, config) == DEFAULT


def test_a_variable_of_opencodes_own_is_not_taken_for_a_setting() -> None:
    assert load_settings({}, {"OPENCODE_TUI_CONFIG": "/somewhere/tui.json"}) == Settings()
