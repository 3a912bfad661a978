"""Only the declared words differ: in files of treated CVs, and between the arms of a plan before anybody has spoken."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
import pytest
from conftest import config, shared

from simrun.config.composition import completed, compose
from simrun.config.menus import Catalogue, catalogue
from simrun.config.options import Config
from simrun.log.manifest import suite
from simrun.plan.design import planned
from simrun.plan.treatment import Audit, audited
from simrun.scenarios.recruitment.screen import Screen

SCREEN = {"name": "recruitment", "pool": 1}


def audit(known: Catalogue, sample: int | None = None, **fields: object) -> Audit:
    """Every pair of arms that a report of this run would compare."""
    plan = planned(config(**{"cases": None, **fields}), known)
    return audited(plan, sample)


def theirs(folder: Path, name: str, levels: Mapping[str, Mapping[str, object]], **fields: object) -> Catalogue:
    """Our catalogue and an axis of a user's."""
    file = folder / "axis" / f"{name}.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"name": name, "about": "", "stated": "Shift: {level}.", "levels": levels, **fields}))
    return catalogue([folder])


# Files


def test_faires_defects_are_found_by_the_command(command):
    code, told, _ = command("treatments", shared("recruitment/faire_resumes.jsonl"))
    assert code == 0  # what is found is no failure of the command
    assert "| experience | asian | 50 | 13 | 16 | 0 | 21 | 25 |" in told
    assert "| name | asian | 50 | 0 | 0 | 50 | 0 | 0 | 0 |" in told
    assert "nothing: 17 of 700\n  row 1, experience of asian: no word differs" in told
    assert "more: 279 of 700\n  row 1, experience of black: 'Owner Partner' -> 'Community Tutor'" in told


def test_a_small_file_of_treated_cvs_for_machines(command, tmp_path):
    file = tmp_path / "treated.jsonl"
    row = {
        "original": "A nurse.",
        "experience": {"female": "A female nurse.", "male": "A nurse."},
        "name": {"female": "Ann Lee A nurse."},
    }
    file.write_text(json.dumps(row) + '\n{"original": 3, "experience": {}, "name": {}}\n')
    code, out, _ = command("treatments", file, "--json")
    told = json.loads(out)
    assert code == 0
    assert [(each["kind"], each["group"], each["verdicts"]) for each in told["tallies"]] == [
        ("experience", "female", {"intended": 1}),
        ("experience", "male", {"nothing": 1}),
        ("name", "female", {"intended": 1}),
    ]
    assert told["faults"] == [f"{file}:2: field 'original': expected a text, got int"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.jsonl", None, "none.jsonl'; give the path of a file"),
        ("treated.pdf", "%PDF", "a file that ends in '.pdf' cannot be read"),
        ("treated.jsonl", "", "holds no treated CVs: a row has original (a text)"),
        ("treated.jsonl", '{"text": "A nurse."}', "first fault:"),
        ("treated.jsonl", '{"text": "A nurse."}', "field 'original': missing; this row has text"),
        (
            "treated.jsonl",
            '{"original": "", "experience": "", "name": {}}',
            "field 'experience': expected a text for each group, got str",
        ),
        (
            "treated.jsonl",
            '{"original": "", "experience": {"male": null}, "name": {}}',
            "'experience.male': expected a text, got NoneType",
        ),
        ("treated.jsonl", "A nurse.", "not JSON"),
    ],
)
def test_a_file_that_is_none_is_named(command, tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name).write_text(text)
    code, out, told = command("treatments", tmp_path / name)
    assert (code, out) == (2, "")
    assert message in told


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((), "give either a FILE of treated CVs or the options of a run, such as scenario=NAME; got neither"),
        (("one.jsonl", "scenario=clinic"), "got both"),
        (("one.jsonl", "two.jsonl"), "treatments does not take 'two.jsonl'; usage: simrun treatments [FILE]"),
        (("--all",), "no option of treatments '--all'"),
    ],
)
def test_a_file_or_a_run(command, given, message):
    code, _, told = command("treatments", *given)
    assert code == 2
    assert message in told


# Plans


def test_the_default_contrast_of_recruitment_is_clean(known):
    found = audit(known, scenario=SCREEN)
    # 14 openings; four arms give four comparisons; `same` treats nothing
    assert [(each.declared, each.pairs, dict(each.verdicts), each.words) for each in found.audited] == [
        (("candidate.ethnicity",), 14, {"intended": 14}, 0),
        (("candidate.gender",), 14, {"intended": 14}, 0),
        (("candidate.gender",), 14, {"intended": 14}, 0),
        (("candidate.ethnicity",), 14, {"intended": 14}, 0),
    ]
    assert found.line() == "Treatment: in 56 of 56 pairs only the declared words differ before anybody has spoken."
    assert [(each.arm, each.why) for each in found.unaudited] == [
        ("same", "the reference arm with other random seeds: nothing is treated")
    ]
    (change,) = found.audited[0].examples[0].changes  # by name, which crosses gender and ethnicity
    man = {level: known.axis("ethnicity").levels[level].names["man"] for level in ("White", "Black")}
    assert man["White"].index(change.before) == man["Black"].index(change.after)


@pytest.mark.parametrize(
    "mode", ["screen", "rank", "shortlist", "compare", "interview", "panel", "letter", "occupation"]
)
@pytest.mark.parametrize("surface", ["stated", "name"])
def test_every_mode_is_clean(known, mode, surface):
    roles = {"candidate": {"surface": surface}}
    found = audit(known, scenario={**SCREEN, "mode": mode}, cases=3 if mode != "occupation" else 1, roles=roles)
    assert found.audited
    assert found.amiss == ()


@pytest.mark.parametrize(
    ("mode", "role"), [("rank", "recruiter"), ("panel", "recruiter"), ("panel", "chair"), ("letter", "referee")]
)
def test_biases_mitigations_and_blinding_change_their_own_words_only(known, mode, role):
    vary = {
        role: {"bias": ["none", "gender"], "mitigation": ["none", "no_stereotype", "blinding"]},
        "candidate": {"gender": ["man", "woman"]},
    }
    found = audit(known, scenario={**SCREEN, "mode": mode}, cases=2, vary=vary)
    assert {each.declared for each in found.audited} == {
        (f"{role}.bias",),
        (f"{role}.mitigation",),
        ("candidate.gender",),
    }
    assert found.amiss == ()


def test_blinded_recruiters_are_told_nothing_of_it_and_that_is_as_it_should_be(known):
    vary = {"candidate": {"gender": ["man", "woman"]}, "recruiter": {"mitigation": ["none", "blinding"]}}
    found = {(each.arm, each.declared): each for each in audit(known, scenario=SCREEN, cases=3, vary=vary).audited}
    blind = found["candidate.gender=woman recruiter.mitigation=blinding", ("candidate.gender",)]
    assert (dict(blind.verdicts), blind.amiss) == ({"nothing": 3}, ())
    seen = found["candidate.gender=woman recruiter.mitigation=none", ("candidate.gender",)]
    assert dict(seen.verdicts) == {"intended": 3}


def test_another_engine_and_the_planted_control_change_no_word(known):
    vary = {"recruiter": {"effect": ["0.1", "0.2"]}}
    roles = {"recruiter": {"group": "Black"}, "candidate": {"persona": {"ethnicity": "Black"}}}
    found = audit(known, scenario=SCREEN, cases=2, vary=vary, roles=roles, design={"controls": ["positive"]})
    assert [(each.expected, dict(each.verdicts), each.amiss) for each in found.audited] == [
        (("nothing",), {"nothing": 2}, ())
    ] * 2


def test_an_option_of_the_scenario_and_turned_questions_are_not_audited(known):
    vary = {"scenario": {"style": ["chronological", "compact"]}}
    found = audit(known, scenario=SCREEN, cases=2, vary=vary, design={"controls": []})
    assert [(each.arm, each.why) for each in found.unaudited] == [
        ("scenario.style=compact", "scenario.style may change any text")
    ]
    assert found.line() == ""
    clinic = audit(known, cases=2, design={"controls": ["swap", "mirror", "placebo"]})
    assert [each.arm for each in clinic.unaudited] == ["swap", "mirror"]
    assert clinic.audited[-1].declared == ("patient.placebo",)


def test_a_fraction_is_audited_against_its_first_arm(known):
    vary = {
        "candidate": {"gender": ["man", "woman"], "ethnicity": ["White", "Black"], "religion": ["Christian", "Muslim"]}
    }
    found = audit(known, scenario=SCREEN, cases=2, vary=vary, design={"cross": "fractional", "controls": []})
    assert [len(each.declared) for each in found.audited] == [2, 2, 2]
    assert found.line() == "Treatment: in 6 of 6 pairs only the declared words differ before anybody has spoken."


def test_a_sample_is_said(known):
    found = audit(known, 5, scenario=SCREEN)
    assert (
        found.line() == "Treatment: in 20 of 20 pairs only the declared words differ before anybody has "
        "spoken (5 of 14 cases looked at)."
    )


def test_cases_whose_own_text_is_rewritten_are_counted(known, medqa):
    found = audit(
        known, scenario={"name": "clinic", "data": str(medqa)}, vary={"patient": {"gender": ["woman", "man"]}}
    )
    (pair,) = found.audited
    assert (pair.pairs, dict(pair.verdicts), len(pair.rewritten)) == (72, {"intended": 72}, 65)


# Planted defects


def test_clubs_of_different_ranks_change_more_than_the_level(tmp_path):
    """Four clubs against two: candidates whose lot falls on the third or fourth get
    another club, and not only another shift."""
    clubs = {"day": ["day choir", "day chess", "day rowing", "day running"], "night": ["night choir", "night chess"]}
    known = theirs(tmp_path, "shift", {level: {"clubs": entries} for level, entries in clubs.items()})
    vary, roles = {"candidate": {"shift": ["day", "night"]}}, {"candidate": {"surface": "club"}}
    pair = audit(known, scenario=SCREEN, vary=vary, roles=roles).audited[0]
    assert 0 < len(pair.amiss) == pair.verdicts["more"] == 14 - pair.verdicts["intended"]
    shown = next(each for each in pair.examples if each.case in pair.amiss)
    assert [(change.before, change.after) for change in shown.changes] in [
        [("day rowing", "night choir")],  # the third of four, the first of two
        [("day running", "night chess")],
    ]
    assert shown.excess in [("-rowing", "+choir"), ("-running", "+chess")]


def test_a_name_that_both_levels_have_changes_nothing(tmp_path):
    names = {"day": {"man": ["Greg Day", "Todd Ray"]}, "night": {"man": ["Greg Day", "Jamal Ray"]}}
    known = theirs(tmp_path, "shift", {level: {"names": lists} for level, lists in names.items()})
    vary, roles = (
        {"candidate": {"shift": ["day", "night"]}},
        {"candidate": {"surface": "name", "persona": {"gender": "man"}}},
    )
    (pair,) = audit(known, scenario=SCREEN, vary=vary, roles=roles).audited
    assert pair.amiss
    assert len(pair.amiss) == pair.verdicts["nothing"] == 14 - pair.verdicts["intended"]


def test_an_introduction_that_says_more_to_one_group_is_found(known, monkeypatch):
    def introduce(self, role, persona, case):
        told = case.cv(0, self.style)
        return told + "\nReferences are excellent." if persona.level("gender") == "man" else told

    monkeypatch.setattr(Screen, "introduce", introduce)
    found = audit(known, scenario=SCREEN, cases=3, vary={"candidate": {"gender": ["man", "woman"]}})
    (pair,) = found.audited
    assert dict(pair.verdicts) == {"more": 3}
    assert pair.examples[0].excess == ("-References", "-are", "-excellent")
    assert pair.words == -3
    case = pair.amiss[0]
    assert found.line() == (
        "Treatment: in 0 of 3 pairs only the declared words differ before anybody has spoken; "
        f"not so candidate.gender=woman against candidate.gender=man in case {case}."
    )


def test_the_command_names_arm_and_case(command, known, tmp_path):
    names = {"day": {"man": ["Greg Day", "Todd Ray"]}, "night": {"man": ["Greg Day", "Jamal Ray"]}}
    theirs(tmp_path, "shift", {level: {"names": lists} for level, lists in names.items()})
    given = (
        "scenario=recruitment",
        "scenario.pool=1",
        "cases=null",
        "backend=scripted",
        "vary.candidate.shift=[day,night]",
    )
    roles = ("roles.candidate.surface=name", "roles.candidate.persona.gender=man")
    code, told, _ = command("treatments", *given, *roles, "--config-dir", tmp_path)
    assert code == 0
    assert "AMISS (nothing) candidate.shift=night in " in told
    assert "candidate.shift=night, for example in " in told
    code, told, _ = command("treatments", *given, *roles, "--config-dir", tmp_path, "--json")
    assert json.loads(told)["audited"][0]["amiss"]


def test_a_plan_that_is_none_is_refused_as_a_run_would_be(command):
    code, _, told = command("treatments", "scenario=recruitment", "vary.candidate.height=[tall,short]")
    assert code == 2
    assert "no thing to vary of the candidate 'height'" in told


# What the audit and the scenario read


@pytest.mark.parametrize(
    ("typed", "columns", "levels"),
    [
        (["scenario.columns.text=NAME"], {"text": "NAME"}, {}),
        (["scenario.columns.text=CV (full)"], {"text": "CV (full)"}, {}),
        (["scenario.columns.merit=3"], {"merit": "3"}, {}),
        (["scenario.columns.text=what's up"], {"text": "what's up"}, {}),
        (["scenario.columns={text: cv, gender: sex}"], {"text": "cv", "gender": "sex"}, {}),
        (
            ["scenario.levels.gender.f=woman", "scenario.levels.gender.0=man"],
            {},
            {"gender": {"f": "woman", "0": "man"}},
        ),
        (["scenario.levels.age.old='70'"], {}, {"age": {"old": "70"}}),
        (["scenario.levels.age.old=70"], {}, {"age": {"old": "70"}}),
    ],
)
def test_columns_and_levels_are_typed_without_a_sign_and_are_words(typed: Sequence[str], columns, levels):
    read, _ = compose(["scenario=recruitment", "backend=scripted", *typed], {})
    played = read.played()
    assert isinstance(played, Screen)
    assert (dict(played.columns), dict(played.levels)) == (columns, levels)


def test_other_options_are_completed_as_before():
    assert completed(["scenario.pool=3", "vary.a.b=[c,d]", "url=x", "cases=2"]) == [
        "++scenario.pool=3",
        "++vary.a.b=[c,d]",
        "++backend.url=x",
        "cases=2",
    ]


@pytest.mark.parametrize(("mode", "option"), [("screen", "data"), ("rank", "openings"), ("occupation", "labour")])
def test_files_are_found_again_from_any_directory(mode, option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    read = Config.of(
        {"scenario": {"name": "recruitment", "mode": mode, option: "some/file.csv"}, "backend": {"name": "scripted"}}
    )
    assert read.scenario[option] == str(tmp_path / "some" / "file.csv")


def test_the_digest_of_the_cases_is_that_of_one_json_list(known):
    for cases in (1, 5):
        plan = planned(config(scenario=SCREEN, cases=cases), known)
        told = orjson.dumps([case.model_dump(mode="json") for case in plan.cases.values()], option=orjson.OPT_SORT_KEYS)
        assert suite(plan) == hashlib.blake2b(told, digest_size=12).hexdigest()
