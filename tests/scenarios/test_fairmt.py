"""FairMT-Bench's files: all six tasks, both styles of keys, and what is wrong with some of them."""

import codecs
import json

import pytest
from conftest import config

from simrun import run
from simrun.config.errors import ConfigError
from simrun.plan.design import planned
from simrun.scenarios.dialogue.fairmt import counts, described, given
from simrun.scenarios.dialogue.scripts import TASKS

NAMES = [task.title() for task in TASKS]


def old(*said: str) -> dict[str, str]:
    return {str(turn): text for turn, text in enumerate(said)}


def new(*said: str) -> dict[str, str]:
    return {f"{turn}-turn Conv": text for turn, text in enumerate(said)}


def write(path, items, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps(items, ensure_ascii=False).encode(encoding))
    return path


def five(name: str) -> list[str]:
    return [f"{name} {turn}?" for turn in range(5)]


def test_all_six_tasks_load_in_both_styles(tmp_path):
    for name in NAMES:
        write(tmp_path / "FairMT_1K" / f"{name}.json", [old(*five(f"{name} {number}")) for number in range(2)])
        for kind in ("Stereotype", "Toxicity"):
            for attribute in ("age", "race"):
                said = new(*five(f"{name} {kind} {attribute}"))
                write(tmp_path / "FairMT_10K" / kind / name / f"prompt_{attribute}.json", [said])
    scripts, faults = given(str(tmp_path))
    assert not faults
    assert counts(scripts) == {
        **{f"{task}, attribute unknown": 2 for task in TASKS},
        **{f"{task}, {attribute}": 2 for task in TASKS for attribute in ("age", "race")},
    }
    # one name for each, though files of two kinds are called alike
    assert len({each.id for each in scripts}) == 6 * 2 + 6 * 4
    assert "toxicity-fixed_format-race-0" in {each.id for each in scripts}
    assert "fixed_format, age: 2" in described(scripts)


def test_carriage_returns_are_blanks_and_line_ends_stay(tmp_path):
    file = write(tmp_path / "Fixed_Format.json", [old("One\rtwo\r\nthree\n**four** ", "x")])
    (script,), _ = given(str(file))
    assert script.turns["biased"][0] == ("One two\nthree\n**four**", "x")


@pytest.mark.parametrize("mark", [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")])
def test_byte_order_marks_are_read(tmp_path, mark):
    file = tmp_path / "Fixed_Format.json"
    file.write_bytes(mark[0] + json.dumps([old("Käse?")], ensure_ascii=False).encode(mark[1]))
    assert given(str(file))[0][0].turns["biased"][0] == ("Käse?",)


def test_another_encoding_is_named_and_can_be_given(tmp_path):
    good, bad = write(tmp_path / "A.json", [old("x")]), write(tmp_path / "B.json", [old("Käse?")], "cp1252")
    scripts, (fault,) = given(str(tmp_path))
    assert (len(scripts), fault.file) == (1, str(bad))
    assert "set scenario.encoding=cp1252" in fault.why
    assert len(given(str(tmp_path), "cp1252")[0]) == 2
    assert good.is_file()


def test_an_empty_list_is_told_and_the_other_files_play(tmp_path):
    write(tmp_path / "A.json", [])
    write(tmp_path / "B.json", [old("x")])
    scripts, (fault,) = given(str(tmp_path))
    assert len(scripts) == 1
    assert (fault.field, fault.why) == ("-", "expected a list of dialogues, got an empty list")


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"0": "x", "0-turn Conv": "y"}, "turn 0 stands there twice, the second time as '0-turn Conv'"),
        ({"0": "x", "9999999": "y"}, "a dialogue has at most 100 turns"),
        ({"1": "x"}, "turn 0 is missing"),
        ({"0-turn Conv": "x", "2-turn Conv": "y"}, "turn 1 is missing"),
        ({"first": "x"}, "no turn: keys are 'first'"),
        ("x", "expected an object with a turn under each key, got 'x'"),
    ],
)
def test_what_is_no_dialogue_is_told_with_its_place(tmp_path, item, why):
    file = write(tmp_path / "A.json", [old("good"), item])
    scripts, (fault,) = given(str(file))
    assert len(scripts) == 1
    assert (fault.line, fault.field) == (2, "item 2")
    assert why in fault.why


def test_the_same_turns_play_once_and_the_first_is_named(tmp_path):
    write(tmp_path / "A.json", [old("x", "y")])
    write(tmp_path / "B.json", [new("x", "y"), new("z")])
    scripts, (fault,) = given(str(tmp_path))
    assert [each.id for each in scripts] == ["a-0", "b-1"]
    assert f"the same turns stand before, as item 1 of {tmp_path / 'A.json'}" in fault.why


def test_half_a_surrogate_pair_is_no_character(tmp_path):
    file = tmp_path / "A.json"
    file.write_text('[{"0": "x \\ud83d y"}]')
    (script,), _ = given(str(file))
    script.turns["biased"][0][0].encode()


def test_files_of_one_name_in_two_folders_are_two(tmp_path):
    write(tmp_path / "a" / "A.json", [old("x")])
    write(tmp_path / "b" / "A.json", [old("y")])
    assert len({each.id for each in given(str(tmp_path))[0]}) == 2


def test_a_report_tells_what_there_is_and_what_cannot_be_known(tmp_path):
    file = write(tmp_path / "Fixed_Format.json", [old(*five(str(number))) for number in range(3)])
    told = ("scenario=dialogue", "backend=scripted", "design.controls=[]", f"scenario.data={file}")
    done = run(*told, "vary.assistant.mitigation=[none,no_stereotype]", out=str(tmp_path / "runs"))
    text = (done.path / "report" / "report.md").read_text()
    assert "attribute unknown: 3; each of 5 turns." in text
    assert "The file does not say of whom an item speaks" in text
    # by words alone nobody can tell whether a claim that nobody knows was made: missing, and not unbiased
    rows = done.outcomes[done.outcomes.outcome == "biased"]
    assert len(rows) > 0
    assert rows.value.isna().all()
    assert done.outcomes[done.outcomes.outcome == "refusal"].value.eq(0).all()


def test_what_a_file_cannot_be_played_as_is_refused(tmp_path, known):
    file = str(write(tmp_path / "A.json", [old("x"), old("y")]))

    def plan(vary, **options):
        return planned(config(scenario={"name": "dialogue", "data": file, **options}, vary=vary), known)

    with pytest.raises(ConfigError, match=r"does not say of whom its items speak, so that subject\.religion"):
        plan({"subject": {"religion": ["none", "Muslim"]}})
    for options in ({"twin": "identity"}, {"user": "reactive"}, {"planted_turn": 1}):
        with pytest.raises(ConfigError, match="play simrun's own scripts"):
            plan({"assistant": {"mitigation": ["none", "expertise"]}}, **options)
