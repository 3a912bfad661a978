"""The contract of a metric: what each says of itself, the menu, what is refused; and a new file computed by a run."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pytest
from conftest import config
from samples import pairs
from test_score import MAN, WOMAN, manifest, tables

from simrun import Run
from simrun.config.errors import ConfigError
from simrun.log.manifest import Manifest
from simrun.plan.design import planned
from simrun.scenarios.outcome import Better, Outcome, PerSubject, Range, Series
from simrun.score import metrics as package
from simrun.score.layout import laid_out, read_outcomes
from simrun.score.menu import asked, check, figures, metrics, needs, resolve
from simrun.score.metric import Metric
from simrun.score.pairs import Pairs
from simrun.score.samples import Located, RunValues

NAMES = sorted(file.stem for file in Path(package.__file__).parent.glob("[a-z]*.py"))


def test_the_menu_is_the_folder():
    assert list(metrics()) == NAMES
    assert metrics()["top_k_share"].about == "Share of the group among the best of the pool."


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_says_its_formula_where_it_is_published_and_when_it_is_undefined(name):
    kind = metrics()[name]
    assert len(kind.__doc__.splitlines()) > 2  # more than a name: the formula
    assert re.search(r"doi:10\.\d{4}|arXiv:\d{4}\.\d{4,5}", kind.source)
    assert kind.undefined[0].islower()  # it goes on where `no value:` stops
    assert kind.measure.__annotations__["return"]
    assert kind() == kind()  # all parameters have defaults


def test_asking_a_metric_without_data_says_why_not():
    found = resolve("net_flip")().figure(Located(pairs([], []), reasons={"not played yet": 3}))
    assert (found.value, found.low, found.why, found.n) == (None, None, "nothing was observed", 0)
    assert (found.excluded, found.reasons) == (3, {"not played yet": 3})


class Halved(Metric):
    """Half of the mean difference: a user's own."""

    needs = Pairs
    low, high, fair, worse = -1, 1, 0, "away"
    undefined = "no pair has a value"
    source = "nobody, arXiv:0000.00000"

    by: float = 0.5

    def measure(self, sample: Pairs) -> float:
        return self.by * float((sample.arm - sample.reference).mean())


class Unfinished(Metric):
    """Says too little of itself."""

    needs = Pairs
    low, high, fair = 0, 1, 0


class Needless(Halved):
    """Needs what finds no samples."""

    needs = int


def test_a_class_of_ones_own_is_a_metric():
    kind = resolve(f"{__name__}:Halved")
    found = kind().figure(Located(pairs([1, 1, 0, 1], [0, 1, 0, 0])))
    assert (found.metric, found.value, found.name) == ("halved", 0.25, "halved")
    assert kind(by=0.1).measure(pairs([1], [0])) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("flip_rat", r"no metric 'flip_rat'; did you mean 'flip_rate'\?"),
        (f"{__name__}:Unfinished", r"class Unfinished \(.*test_contract.py\) lacks worse, undefined, source, measure"),
        (f"{__name__}:Needless", r"finds no samples; give one of: Anchored, Answers"),
        (f"{__name__}:Path", "Path of test_contract is no subclass of simrun.score.metric:Metric"),
        (f"{__name__}:Nothing", "Nothing of test_contract is no subclass of .*; such classes there are: Halved"),
        ("no_such_package:Metric", "No module named 'no_such_package'"),
    ],
)
def test_what_is_no_metric_is_refused(reference, said):
    with pytest.raises(ConfigError, match=said):
        resolve(reference)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("impact_ratio", "ClinicOutcome says not which field it is: set decision_field"),
        ("turn_rate", "annotate a field as a Series"),
        ("position_consistency", r"design.controls=\[...,swap\]"),
        ("interaction", "fewer than two axes are varied"),
        ("dose_slope", r"vary.ROLE.dose=\[0,1,2,3\]"),
        ("skew_size", "repeats=2 or more"),
        ("paraphrase_variance", "scenario.wording=drawn"),
        ("manipulation_success", "judge=observer"),
        ("expected_calibration_error", "set confidence_field and accuracy"),
        ("evenhanded_share", "set decision_field and reasons_field"),
    ],
)
def test_a_metric_whose_needs_nobody_meets_is_refused_before_anything_is_played(known, name, said):
    plan = planned(config(vary={"patient": {"gender": ["woman", "man"]}}, cases=1), known)
    given = Manifest.of(plan, 0.0)
    check(["paired_difference", "worst_group"], given)
    with pytest.raises(ConfigError, match=f"metrics={name} needs {metrics()[name].needs.__name__}: .*{said}"):
        check([name], given)


def test_every_metric_has_somebody_to_ask():
    assert {kind.needs.__name__ for kind in asked(None)} == set(needs())


NEW = '''
"""A metric of a file of its own."""

from simrun.score.metric import Metric
from simrun.score.pairs import Pairs


class LargestDifference(Metric):
    """Largest difference of any pair."""

    needs = Pairs
    low, high, fair, worse = -10, 10, 0, "away"
    undefined = "no pair has a value"
    source = "made up, arXiv:0000.00000"

    def measure(self, sample: Pairs) -> float:
        return float((sample.arm - sample.reference).max())
'''


def test_a_new_file_is_computed_by_a_run(play: Callable[..., Run], tmp_path, monkeypatch):
    (tmp_path / "largest_difference.py").write_text(NEW)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    run = play(vary={"patient": {"gender": ["woman", "man"]}}, cases=4)
    found = [each for each in figures(run.scored) if each.metric == "largest_difference"]
    measured = run.manifests[0].outcome.measured()
    assert {each.outcome for each in found} == set(measured)
    told = [row for row in run.report().table("metrics") if row["metric"] == "largest_difference"]
    assert len(told) == len(found)
    sys.modules.pop(f"{package.__name__}.largest_difference")


class Talked(Outcome):
    """A dialogue in which some replies are biased, and three reviewers who gave scores before and after."""

    primary: ClassVar[tuple[str, ...]] = ("biased",)
    score_field: ClassVar[str] = "after"
    before_field: ClassVar[str] = "before"

    biased: Annotated[Series[bool], Better("lower")] = ()
    before: PerSubject[int] = {}
    after: Annotated[PerSubject[int], Better("higher"), Range(1, 10)] = {}


def talked(known) -> RunValues:
    """Two cases under two arms: biased at 2 against never, and a refusal; scores 2 4 to 3 3, and as they were."""
    given = manifest(known, ("a", "b"))
    calm = {"biased": [0, 0, 0], "before": {"r1": 2, "r2": 4}, "after": {"r1": 2, "r2": 4}}
    rows = [
        ("a", WOMAN, 0, "done", calm),
        ("b", WOMAN, 0, "done", calm),
        ("a", MAN, 0, "done", {"biased": [0, 1, None], "before": {"r1": 2, "r2": 4}, "after": {"r1": 3, "r2": 3}}),
        ("b", MAN, 0, "done", {"biased": [0, 1], "before": {"r1": 2, "r2": 4}, "after": {"r1": 3, "r2": 3}}),
    ]
    connection = tables(rows)

    class Spoken(Manifest):
        @property
        def outcome(self) -> type[Outcome]:
            return Talked

    own = Spoken.model_construct(**dict(given))
    return RunValues(manifest=own, layout=laid_out(connection, own, read_outcomes(connection, own)))


def test_values_by_turn_and_by_subject_are_laid_out(known):
    layout = talked(known).layout
    np.testing.assert_equal(layout.series("biased")[:, layout.columns([MAN])[0]], [[0, 1, np.nan], [0, 1, np.nan]])
    assert layout.details["biased"].turns[:, layout.columns([MAN, WOMAN])].tolist() == [[3, 3], [2, 3]]
    names, after = layout.subjects("after")
    assert names == ("r1", "r2")
    assert after[:, layout.columns([MAN, WOMAN])].tolist() == [[[3, 3], [2, 4]]] * 2
    assert layout.table("biased", [MAN, WOMAN]).tolist() == [[0.5, 0], [0.5, 0]]  # the mean of what was observed


def test_metrics_of_turns_and_subjects_run_as_soon_as_an_outcome_has_them(known):
    found = {(each.name, each.arm, each.reference): each for each in figures(talked(known))}
    assert found["rate at turn 2", MAN, ""].value == 1
    assert found["rate at turn 2, difference", MAN, WOMAN].value == 1
    assert found["rate of all replies", MAN, ""].value == pytest.approx(2 / 5)
    assert found["conformity", MAN, ""].value == pytest.approx(0.5)
    assert found["disagreement, relative change", MAN, ""].value == -1
    # the first biased reply: turn 2 in both, never in three turns of the reference
    assert found["mean turn, difference", MAN, WOMAN].value == pytest.approx(2 - 4)


def test_the_menu_loads_no_library_that_only_checks_us():
    code = (
        "import sys; from simrun.score.menu import metrics; metrics(); "
        "print({'fairlearn', 'sklearn', 'statsmodels', 'pandas', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
