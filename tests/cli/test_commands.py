"""What every subcommand owes: it takes what it declares, refuses the rest in
one clear line, and tells how it is used."""

import json
import re
import subprocess
import sys
from typing import Annotated

import pytest

from simrun.cli.arguments import JSON, arguments, manual, usage
from simrun.cli.command import Command, Dashed, Overrides, Value, Word, names
from simrun.cli.command import command as kind_of
from simrun.cli.parsing import parsed
from simrun.config.errors import ConfigError

EVERY = names()
HEAVY = ("pandas", "duckdb", "pyarrow", "scipy", "networkx", "hydra", "torch", "vllm", "xllamacpp")


class Brew(Command):
    """Brew something."""

    name = "brew"
    leaf: Annotated[str, Word("LEAF")]
    """What to brew."""
    others: Annotated[tuple[str, ...], Word("OTHER ...")] = ()
    """What else."""
    minutes: Annotated[int, Value("N")] = 4
    """How long."""
    milk: bool = False
    """With milk."""
    pot: Annotated[str | None, Dashed("NAME")] = None
    """Which pot."""


class Tune(Command):
    """Tune something."""

    name = "tune"
    pitch: float = 440
    """In hertz."""
    overrides: Overrides = ()


def refused(kind: type[Command], *given: str) -> str:
    with pytest.raises(ConfigError) as raised:
        parsed(kind, given)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_menu_is_the_folder():
    assert "show" in EVERY
    for name in EVERY:
        assert kind_of(name).name == name


def test_words_options_and_flags_in_any_order():
    brewed = parsed(Brew, ["minutes=3", "oolong", "--milk", "mint", "--pot", "blue", "./a=b"])
    assert brewed == Brew(leaf="oolong", others=("mint", "./a=b"), minutes=3, milk=True, pot="blue")
    assert parsed(Brew, ["mint", "--pot=blue"]).pot == "blue"
    assert parsed(Brew, ["mint"]) == Brew(leaf="mint")


def test_what_the_command_does_not_declare_is_for_hydra_where_it_says_so():
    tuned = parsed(Tune, ["scenario=clinic", "pitch=435", "vary.patient.gender=[woman,man]"])
    assert tuned == Tune(pitch=435, overrides=("scenario=clinic", "vary.patient.gender=[woman,man]"))
    assert "cases is given twice, the second time as '3'" in refused(Tune, "cases=2", "cases=3")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "LEAF is missing: What to brew. usage: simrun brew LEAF"),
        (["mint", "minutes=long"], "minutes: Input should be a valid integer"),
        (["mint", "minute=3"], "no option of brew 'minute'; did you mean 'minutes'?"),
        (["mint", "--minutes=3"], "no option of brew '--minutes'; did you mean 'minutes'?"),
        (["mint", "pot=blue"], "no option of brew 'pot'; did you mean '--pot'?"),
        (["mint", "--sugar"], "There are: minutes, --milk, --pot, --json"),
        (["mint", "-m"], "no option of brew '-m'"),
        (["mint", "minutes="], "minutes came without a value; write minutes=N: How long. Default: 4."),
        (["mint", "--pot"], "--pot came without a value; write --pot NAME: Which pot."),
        (["mint", "--pot", "--milk"], "--pot came without a value"),
        (["mint", "--milk=yes"], "--milk takes no value, got 'yes'; write --milk"),
        (["mint", "minutes=3", "minutes=3"], "minutes is given twice, the second time as '3'; give it once"),
        (["mint", "--milk", "--milk"], "--milk is given twice"),
    ],
)
def test_what_is_not_declared_is_refused(given, message):
    assert message in refused(Brew, *given)


def test_a_word_too_many_is_refused():
    assert "tune does not take 'loud'; usage: simrun tune [key=value ...]" in refused(Tune, "loud").replace(
        "[pitch=PITCH] ", ""
    )


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("given", ["--nonsense", "--config", "-x", "--json=yes"])
def test_every_command_refuses_a_flag_that_it_has_not(command, name, given):
    code, out, told = command(name, given)
    assert (code, out) == (2, "")
    assert f"no option of {name} {given.partition('=')[0]!r}" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("given", ["nonsense=3", "currency=3", "ut=/nowhere"])
def test_every_command_refuses_an_option_that_it_has_not(command, name, given):
    code, out, told = command(name, given)
    assert (code, out) == (2, "")
    assert repr(given.partition("=")[0])[1:-1] in told
    assert "Traceback" not in told


@pytest.mark.parametrize("name", EVERY)
def test_every_command_refuses_the_same_option_twice_an_empty_one_and_words_too_many(command, name):
    from simrun.cli.command import command as kind

    for each in arguments(kind(name)):
        if each.form == "flag":
            assert f"{each.key} is given twice" in command(name, each.key, each.key)[2]
        elif each.form == "option":
            whole = [each.key, "x"] if each.key.startswith("-") else [f"{each.key}=x"]
            assert f"{each.key} is given twice" in command(name, *whole, *whole)[2]
            assert f"{each.key} came without a value" in command(name, whole[0].removesuffix("x"))[2]
    assert "--json is given twice" in command(name, "--json", "--json")[2]
    if not any(each.several for each in arguments(kind(name)) if each.form == "word"):
        code, out, told = command(name, *"abcdefgh")
        assert (code, out) == (2, "")
        assert f"{name} does not take" in told


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_tells_what_it_takes(command, name, flag):
    from simrun.cli.command import command as kind

    code, out, told = command(name, "last", flag)
    assert (code, told) == (0, "")
    assert out == manual(kind(name)) + "\n"
    assert out.startswith(f"usage: {usage(kind(name))}\n")
    assert all(each.about and each.shown in out for each in (*arguments(kind(name)), JSON))


def test_the_help_of_a_field_says_what_it_is_and_its_default(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert manual(Brew).split("\n") == [
        "usage: simrun brew LEAF [OTHER ...] [minutes=N] [--milk] [--pot NAME] [--json] [--show-slurs]",
        "",
        "Brew something.",
        "",
        "  LEAF          What to brew.",
        "  OTHER ...     What else.",
        "  minutes=N     How long. Default: 4.",
        "  --milk        With milk.",
        "  --pot NAME    Which pot.",
        "  --json        One JSON object to stdout, for machines.",
        "  --show-slurs  Slurs as they were said, in what is shown and in reports; else",
        "                masked.",
    ]


def test_the_help_of_simrun_has_every_command(command):
    code, out, _ = command("--help")
    assert code == 0
    assert command()[1] == out
    (also,) = re.findall(r"\n  also +(.*)", out)
    every = [name for name in EVERY if "_" not in name or name.partition("_")[0] not in EVERY]
    assert all(f"\n  {name} " in out for name in every if kind_of(name).daily)
    assert also.split(", ") == [name.replace("_", " ") for name in every if not kind_of(name).daily]
    lines = out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["scenario=clinic"], ["scenario.mode=vignette: ", "scenario.questions=int "]),
        (["scenario=clinic", "scenario.mode=vignette"], ["Options of scenario.mode=vignette:", "scenario.plan=bool"]),
        (["backend=server"], ["backend.url=str", "backend.max_tokens=int"]),
        (["experiment=first", "backend=scripted"], ["experiment=first: ", "backend=scripted: "]),
    ],
)
def test_the_help_of_what_is_named(command, typed, told):
    for flag in ("--help", "-h"):
        code, out, err = command(*typed, flag)
        assert (code, err) == (0, "")
        assert all(each in out for each in told)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("scenario=clinc", "no scenario 'clinc'; did you mean 'clinic'?"),
        ("scenario.mode=vignete", "no mode of scenario=clinic 'vignete'; did you mean 'vignette'?"),
        ("experiment=frist", "no experiment 'frist'; did you mean 'first'?"),
    ],
)
def test_the_help_of_what_there_is_not(command, typed, message):
    code, out, told = command(typed, "--help")
    assert (code, out) == (2, "")
    assert message in told


def test_the_longer_lists(command, complete, tmp_path):
    (tmp_path / "runs" / "clinic").mkdir(parents=True)
    complete.rename(tmp_path / "runs" / "clinic" / complete.name)
    (tmp_path / "runs" / "clinic" / "broken").mkdir()
    (tmp_path / "runs" / "clinic" / "broken" / "manifest.json").write_text("{")
    out = f"out={tmp_path / 'runs'}"
    told = json.loads(command("list", "runs", out, "--json")[1])["runs"]
    assert told[complete.name] == "clinic, 2 cases, 3 arms, 6 episodes, complete"
    assert told["broken"].startswith("cannot be read: ")
    assert "clinic vignette" in command("list", "modes")[1]
    assert "first " in command("list", "experiments")[1]
    assert "pronoun " in command("list", "surfaces")[1]
    assert "repeats=int " in command("list", "options")[1]
    assert "options:" not in command("list")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resume", "last", "currency=3"], "no option of resume 'currency'; did you mean 'concurrency'?"),
        (["show", "last", "ut=/nowhere"], "no option of show 'ut'; did you mean 'out'?"),
        (["resume", "last", "concurrency=0"], "concurrency: Input should be greater than 0, got '0'"),
        (["resume", "last", "concurrency=1.5"], "concurrency: Input should be a valid integer"),
        (["show", "last", "3", "--words"], "EPISODE and --words: show one at a time"),
        (["show", "last", "--prompts", "--words"], "--prompts and --words: show one at a time"),
        (["compare"], "RUN RUN ... is missing"),
        (["list", "--config-dir", "nowhere"], "config_dir: Path does not point to a directory, got 'nowhere'"),
        (["list", "axes", "config_dir=mine"], "no option of list 'config_dir'; did you mean '--config-dir'?"),
        (["play", "scenario=clinic", "seet=doctor"], "seet"),
        (["sho", "last"], "no command 'sho'; did you mean 'show'?"),
    ],
)
def test_wrong_options(command, arguments, message):
    code, out, told = command(*arguments)
    assert (code, out) == (2, "")
    assert message in told


@pytest.mark.parametrize("name", ["show", "report", "resume", "replay", "compare"])
@pytest.mark.parametrize("option", ["seed=9", "scenario.questions=3", "+vary.patient.gender=[woman,man]", "backend=x"])
def test_a_run_keeps_the_config_that_it_began_with(command, name, option):
    code, _, told = command(name, "last", option)
    assert code == 2
    assert f"{option.partition('=')[0]}: a run keeps the config that it began with" in told


def test_a_run_and_an_episode_for_machines(command, complete):
    code, out, _ = command("show", complete, "--json")
    listed = json.loads(out)
    assert (code, len(listed)) == (0, 6)
    code, out, _ = command("show", complete, "0", "--json")
    told = json.loads(out)
    assert (code, told["episode"]) == (0, listed[0])
    assert [turn["position"] for turn in told["turns"]] == sorted(turn["position"] for turn in told["turns"])
    assert "solved" in {row["outcome"] for row in told["outcomes"]}


def test_to_import_the_commands_loads_nothing_heavy():
    code = (
        "import sys, simrun.cli.main; from simrun.cli.command import command, names; "
        "[command(each) for each in names()];"
        f"import simrun.cli.parsing; print([each for each in {HEAVY} if each in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
