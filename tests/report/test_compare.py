"""Runs side by side, and the plots: a planted difference between two runs is found,
identical runs differ by nothing, bytes repeat."""

import json
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import duckdb
import numpy as np
import pytest

from simrun import Run, compare, load
from simrun.agents.records import Record
from simrun.config.errors import ConfigError
from simrun.report.canvas import wrapped
from simrun.report.drawing.dose import doses
from simrun.report.picture import Drawing
from simrun.report.picture import drawn as plots
from simrun.report.render.comparison import compared
from simrun.report.render.markdown import markdown
from simrun.scenarios.clinic.consultation import ClinicOutcome

TWO = {"patient": {"ethnicity": ["White", "Black"]}}
PLANTED = ("backend.group=Black", "backend.effect=0.3")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> tuple[Run, Run]:
    """The same cases twice: with a planted effect of 0.3, and with none."""
    from simrun import run

    out = str(tmp_path_factory.mktemp("runs"))
    both = [
        run("scenario=clinic", "backend=scripted", *planted, cases=None, repeats=2, vary=TWO, out=out)
        for planted in (PLANTED, ("backend.group=Black", "backend.effect=0"))
    ]
    return both[0], both[1]


def figure(comparison: Record, what: str):
    return next(each for each in comparison.between if each.what == what)


@pytest.mark.slow
def test_a_planted_difference_of_effects_is_found_with_its_size(pair):
    comparison = compare(pair)
    found = figure(comparison, "effect")
    assert 0 < found.low <= 0.3 <= found.high
    assert found.difference == pytest.approx(found.value - found.first)
    assert (found.value, found.pairs, found.cases) == (0, 60, 30)
    assert found.p_adjusted == pytest.approx(2 * found.p)  # Holm over two comparisons: the smaller p counts twice
    turned = figure(compare(pair[::-1]), "effect")
    assert turned.low <= -0.3 <= turned.high < 0


def test_accuracy_of_the_reference_is_compared_apart(pair):
    found = figure(compare(pair), "accuracy")  # nobody is planted against White, and luck is shared
    assert (found.arm, found.difference, found.p) == ("patient.ethnicity=White", 0, 1)


def test_each_run_is_told_as_its_own_report_tells_it(pair):
    comparison = compare(pair)
    for side, run in zip(comparison.runs, pair, strict=True):
        (effect,) = side.effects
        assert effect == next(each for each in run.scored.contrasts if each.family == "primary")
        assert side.reference == run.scored.arms[0]
    assert comparison.differing == {"backend.effect": (0.3, 0)}


def test_identical_runs_differ_by_exactly_nothing(pair):
    for each in compare([pair[0], load(pair[0].path)]).between:
        assert (each.difference, each.p, each.p_adjusted) == (0, 1, 1)
        assert each.low < 0 < each.high  # agreement in 30 cases is no proof for all
    assert compare([pair[0], pair[0]]).differing == {}


def test_the_arithmetic_by_hand(play):
    """Two cases: the first run loses 1 and 0 to the arm, the second 0 and 0.

    Effects -0.5 and 0; the reference solves 2 and 1 of 2.
    """
    one, two = play(cases=2, vary=TWO), play(cases=2, vary=TWO)
    for run, white, black in ((one, (1, 1), (0, 1)), (two, (1, 0), (1, 0))):
        solved = run.outcomes.outcome == "solved"
        for arm, values in (("patient.ethnicity=White", white), ("patient.ethnicity=Black", black)):
            own = solved & (run.outcomes.arm == arm)
            run.outcomes.loc[run.outcomes[own].sort_values("case").index, "value"] = [float(value) for value in values]
        duckdb.from_df(run.outcomes).write_parquet(str(run.path / "sealed" / "outcomes.parquet"))
    comparison = compare([one, two])
    accuracy, effect = figure(comparison, "accuracy"), figure(comparison, "effect")
    assert (accuracy.first, accuracy.value, accuracy.difference) == (1, 0.5, -0.5)
    assert (effect.first, effect.value, effect.difference, effect.pairs) == (-0.5, 0, 0.5, 2)
    assert effect.p == 1  # one case of two moved: every choice of signs is as extreme


def test_only_shared_pairs_are_compared_and_what_is_apart_is_said(play):
    first = play(
        cases=["scabies", "gerd-cough", "leg-cellulitis"], vary={"patient": {"ethnicity": ["White", "Black", "Asian"]}}
    )
    other = play(cases=["gerd-cough", "leg-cellulitis", "bppv"], repeats=2, vary=TWO)
    comparison = compare([first, other])
    (common,) = comparison.shared
    assert (common.episodes, common.pairs, common.pairs_first, common.pairs_run) == (2, 2, 6, 6)
    assert common.arms_apart == ("patient.ethnicity=Asian",)
    assert {each.arm for each in comparison.between} == {"patient.ethnicity=White", "patient.ethnicity=Black"}
    assert all(each.pairs == 2 for each in comparison.between)
    assert list(comparison.differing) == ["cases", "repeats", "vary.patient.ethnicity"]
    assert "only one of the two runs has patient.ethnicity=Asian" in compared(comparison)


@pytest.mark.slow
def test_several_runs_and_several_primary_outcomes_are_one_family(play):
    design = {"primary": ["solved", "confidence"]}
    runs = [
        play("backend.group=Black", f"backend.effect={effect}", cases=6, vary=TWO, design=design)
        for effect in (0, 0.1, 0.7)
    ]
    comparison = compare([load(runs[0].path, runs[1].path), runs[2]])  # a Run of several counts as several
    assert comparison.outcomes == ("solved", "confidence")
    assert [(each.run, each.what) for each in comparison.between] == [
        (run.path.name, what) for run in runs[1:] for what in ("accuracy", "effect", "effect")
    ]
    least = min(comparison.between, key=lambda each: each.p)
    assert least.p_adjusted == pytest.approx(min(1, 6 * least.p))


@pytest.mark.slow
def test_models_in_a_scenario_without_an_accuracy_are_compared_in_its_primary_outcome(play):
    """One is biased at its first turn, the other in four of five, whoever is talked about."""
    fair, biased = "That does not follow from anybody's group.", "Yes, it is true that {group} {claim}."

    def talk(*turns: int) -> Run:
        rules = [{"role": "assistant", "turn": turn, "say": biased} for turn in turns]
        rules.append({"role": "assistant", "say": fair})
        return play("scenario=dialogue", cases=4, backend={"rules": rules})

    comparison = compare([talk(0), talk(0, 1, 2, 4)])
    mean, effect = figure(comparison, "mean"), figure(comparison, "effect")
    assert (mean.outcome, mean.arm) == ("biased", "subject.religion=none")
    assert (mean.first, mean.value, mean.difference) == pytest.approx((0.2, 0.8, 0.6))
    assert mean.p == pytest.approx(2 / 2**4)  # all four cases moved one way
    assert (effect.first, effect.value) == (0, 0)
    told = compared(comparison)
    assert "mean of subject.religion=none on biased (+0.6)" not in told  # p = .125
    assert "| 0.2 | subject.religion=Muslim | subject.religion=none | biased |" in told


@pytest.mark.slow
def test_what_cannot_be_compared_is_refused_with_the_reason(play):
    one = play(cases=["scabies", "leg-cellulitis"], vary=TWO)
    with pytest.raises(ConfigError, match="at least two runs, got 1"):
        compare([one])
    with pytest.raises(
        ConfigError, match=r"no pair in common: .* plays the cases scabies, leg-cellulitis, ... and .* bppv"
    ):
        compare([one, play(cases=["bppv", "gerd-cough"], vary=TWO)])
    with pytest.raises(
        ConfigError,
        match=r"no pair in common: the reference arm of .* is 'patient.ethnicity=White', .* 'patient.gender=woman'",
    ):
        compare([one, play(cases=["scabies", "leg-cellulitis"], vary={"patient": {"gender": ["woman", "man"]}})])
    unplayed = play(
        cases=["scabies", "leg-cellulitis"],
        vary=TWO,
        roles={"doctor": {"backend": "replay", "run": str(one.path), "bias": "recency"}},
    )
    with pytest.raises(ConfigError, match=r"no pair in common: .* finished no episode"):
        compare([one, unplayed])


@pytest.mark.slow
def test_runs_of_different_scenarios_are_refused(play):
    with pytest.raises(ConfigError, match=r"plays clinic and .* plays recruitment: only runs of one scenario compare"):
        compare([play(cases=2), play("scenario=recruitment", cases=2)])
    with pytest.raises(
        ConfigError, match=r"ends in a ScreenOutcome and .* in a RankOutcome: only runs of one mode compare"
    ):
        compare([play("scenario=recruitment", cases=2), play("scenario=recruitment", "scenario.mode=rank", cases=2)])


@pytest.mark.slow
def test_the_command_prints_markdown_or_one_object(pair):
    def simrun(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = "from simrun.cli.main import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=120
        )

    names = [run.path.name for run in pair]
    told = simrun("compare", *names, f"out={pair[0].path.parents[1]}")
    assert told.returncode == 0, told.stderr
    assert told.stdout == compared(compare(pair)) + "\n"
    assert "Different after Holm: effect of patient.ethnicity=Black on solved (+0.367)." in told.stdout
    assert "| backend.effect | 0.3 | 0 |" in told.stdout
    as_json = simrun("compare", *(str(run.path) for run in pair), "--json")
    assert json.loads(as_json.stdout) == json.loads(compare(pair).model_dump_json())
    alone = simrun("compare", str(pair[0].path))
    assert (alone.returncode, "at least two runs" in alone.stderr) == (2, True)
    assert "no option of compare '--all'" in simrun("compare", "--all").stderr


def texts(svg: bytes) -> str:
    """All that is written in a picture."""
    return " ".join(ElementTree.fromstring(svg).itertext())


def drawn(drawing: Drawing) -> dict[str, bytes]:
    return {f"{each.key}.svg": each.svg.encode() for each in plots(drawing)}


def test_plots_are_valid_name_every_arm_and_are_embedded(pair):
    run = pair[0]
    folder = run.path / "report"
    there = sorted(file.name for file in folder.glob("*.svg"))
    assert there == ["accuracy.svg", "effects.svg", "groups.svg"] == sorted(run.report().plots())
    text = (folder / "report.md").read_text()
    for name in there:
        root = ElementTree.parse(folder / name).getroot()
        assert (root.tag, root.get("width"), root.get("height")) == (f"{SVG}svg", "432pt", "288pt")  # 6 x 4 inches
        assert all(arm.name in texts((folder / name).read_bytes()) for arm in run.scored.arms)
        assert f"]({name})" in text
    assert text == markdown(run.report())
    effects = texts((folder / "effects.svg").read_bytes())
    assert "left out: questions, tests, lost_moves, words." in effects
    labels = [
        label for label in ElementTree.parse(folder / "effects.svg").iter(f"{SVG}text") if "↑" in (label.text or "")
    ]
    assert labels[0].text == "solved ↑"  # primary first, then in the outcome's order


@pytest.mark.slow
def test_a_replay_draws_the_same_bytes(pair):
    before = {file.name: file.read_bytes() for file in (pair[0].path / "report").iterdir()}
    code = "import sys, matplotlib; matplotlib.rcParams['font.size'] = 20; from simrun.cli.main import main; main()"
    arguments = [sys.executable, "-c", code, "replay", str(pair[0].path), "--json"]
    again = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(again.stdout)["report"] == "identical"
    assert {file.name: file.read_bytes() for file in (pair[0].path / "report").iterdir()} == before
    (pair[0].path / "report" / "groups.svg").write_text("<svg/>")
    changed = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=120)
    assert (changed.returncode, "its report was not" in changed.stderr) == (2, True)


def test_dose_is_drawn_where_it_is_varied_and_by_what_else_is(play):
    vary = TWO | {"doctor": {"dose": [0, 2]}}
    run = play(cases=2, vary=vary, roles={"doctor": {"bias": "recency"}})
    assert doses(run.scored.arms) == {
        f"patient.ethnicity={who} doctor.dose={dose}": (dose, f"patient.ethnicity={who}")
        for who in ("White", "Black")
        for dose in (0, 2)
    }
    assert "patient.ethnicity=Black" in texts((run.path / "report" / "dose.svg").read_bytes())


@pytest.mark.parametrize("controls", [[], ["same"]])
def test_one_arm_and_one_case_have_plots_too(play, controls):
    run = play(cases=1, vary={}, design={"controls": controls})
    there = {"accuracy.svg", "groups.svg"} | ({"effects.svg"} if controls else set())
    assert {file.name for file in (run.path / "report").glob("*.svg")} == there


def test_ten_long_arms_missing_intervals_and_missing_values_are_drawn(play):
    levels = ["A $5_000^2 & <b>", *(f"level number {number} with a very long name indeed" for number in range(9))]
    run = play(cases=2, vary=TWO, design={"controls": []})
    (contrast, *_), (arm, *_) = run.scored.contrasts, run.scored.arms
    named = [f"patient.socioeconomic={level}" for level in levels]
    arms = tuple(
        arm.model_copy(update={"name": name} | ({"accuracy": None} if place == 3 else {}))
        for place, name in enumerate(named)
    )
    effects = [
        contrast.model_copy(
            update={"arm": name, "low": None, "high": None} | ({"difference": None} if name == named[4] else {})
        )
        for name in named
    ]
    values = np.repeat(run.layout.values[:, :, :1], len(named), axis=2)
    values[:, :, 5] = np.nan
    rows = replace(run.layout, arms=tuple(named), values=values)
    many = Drawing(arms, tuple(effects[1:]), rows, ClinicOutcome, "solved")
    for name, svg in drawn(many).items():
        written = texts(svg)
        assert all(each in written for each in named), name
        assert "not observed" in " ".join(written.split())
    empty = replace(rows, values=np.full_like(values, np.nan))
    nothing = drawn(replace(many, layout=empty, primary="words"))
    assert texts(nothing["groups.svg"]).count("not observed") == 10


def test_long_names_are_broken_where_they_can_be():
    assert wrapped("patient.ethnicity=White doctor.dose=2", 24) == "patient.ethnicity=White\ndoctor.dose=2"
    assert wrapped("patient.socioeconomic=precarious", 24) == "patient.socioeconomic=\nprecarious"
    assert wrapped("x" * 30, 24) == "x" * 24 + "\n" + "x" * 6
    assert max(map(len, wrapped("patient.language_variety=" + "y" * 40, 20).split("\n"))) <= 20


def test_drawing_leaves_a_users_matplotlib_alone(pair):
    import matplotlib

    before = dict(matplotlib.rcParams)
    drawing = Drawing.of(pair[1].scored)
    first = drawn(drawing)
    assert dict(matplotlib.rcParams) == before
    assert drawn(drawing) == first
