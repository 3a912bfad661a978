"""Forced choices from the command line to the report: what is expected, what was said, and that the two agree."""

import io
import sys

import pytest

from simrun import run
from simrun.report.report import build
from simrun.report.run import rebuild
from simrun.report.sections.choices import Choices, agreements, weighed

OWN = ("scenario=asked_clerk:Asked", "backend=scripted", "design.controls=[same]")
EXPECTED = ("outcomes=expected", "design.margin=0.05")


def played(folder, *overrides, **options):
    return run(*OWN, *overrides, cases=None, out=str(folder), **options)


def means(done, outcome="granted"):
    rows = done.outcomes[(done.outcomes.outcome == outcome) & (done.outcomes.control == "")]
    return rows.groupby("arm").value.agg(["mean", "nunique"]).sort_index().values.tolist()


def test_a_planted_bias_enters_the_probability_itself(tmp_path):
    """Rule: yes with .8, for women .8 - .2: exactly, where 40 draws would be off by .06."""
    done = played(tmp_path, *EXPECTED, "backend.group=woman", "backend.effect=0.2")
    assert [mean for mean, _ in means(done)] == pytest.approx([0.8, 0.6])
    assert [values for _, values in means(done)] == [1, 1]
    assert done.outcomes[done.outcomes.outcome == "granted_sampled"].value.isna().all()
    assert done.calls.weighed.all()
    assert rebuild(done.path)[1] is True


def test_both_ways_stand_side_by_side_and_agree(tmp_path):
    done = played(tmp_path, "outcomes=both", repeats=10)
    (found,) = agreements(done.scored)
    assert found.outcome == "granted"
    assert found.difference.n == len(done.episodes)
    # by hand: .8 in every episode, less the share of yes among what was said
    said = done.outcomes[done.outcomes.outcome == "granted_sampled"].value
    assert found.difference.value == pytest.approx(0.8 - said.mean())
    assert found.equal is True
    report = build(done.scored, [Choices()])
    assert report.table("choices", "agreement")[0]["no_effect_beyond"] < 0.05
    assert report.value("choices", "expected") == len(done.episodes)


def test_too_few_samples_do_not_show_that_the_ways_agree(tmp_path):
    """One reply each of 6 clients: what was said is 0 or 1, and lies .2 or .8 from what is expected."""
    few = played(tmp_path, "outcomes=both", scenario={"clients": 6})
    assert [each.equal for each in agreements(few.scored)] == [False]


def test_what_was_said_is_told_by_default_and_needs_no_section(tmp_path):
    done = played(tmp_path, scenario={"clients": 6})
    assert set(done.outcomes[done.outcomes.outcome == "granted"].value) <= {0.0, 1.0}
    assert Choices().compute(done.scored) == ()
    assert done.calls.weighed.isna().all()


def test_a_run_says_how_many_choices_are_samples(tmp_path):
    """A script of words that no option is in: read as a yes, though not where it was made."""
    rules = [{"say": "Answer: yes"}]
    done = played(tmp_path, *EXPECTED, scenario={"clients": 5}, backend={"rules": rules})
    odd = [{"say": '{"answer": "yes.", "why": "no"}'}]
    other = played(tmp_path, *EXPECTED, scenario={"clients": 5}, backend={"rules": odd})
    assert [(each.expected, each.sampled) for each in weighed(done.scored)] == [(10 + 5, 0)]
    assert [(each.expected, each.sampled, each.why) for each in weighed(other.scored)] == [(0, 10 + 5, "(unread 15)")]
    notes = [block.text for block in Choices().compute(other.scored) if block.block == "prose"]
    assert notes == ["Forced choices: expected: 0 of 15; sampled: 15."]


def test_what_a_person_says_counts_as_said_and_is_counted(tmp_path, monkeypatch):
    """Two clients in three arms: six answers, each a yes and no reason."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n\n" * 6))
    done = played(
        tmp_path,
        "outcomes=expected",
        "design.margin=0.05",
        scenario={"clients": 2},
        roles={"clerk": {"backend": "human"}},
    )
    assert done.outcomes[done.outcomes.outcome == "granted"].value.tolist() == [1.0] * 6
    assert [(each.expected, each.sampled, each.why, each.mass) for each in weighed(done.scored)] == [
        (0, 6, "(untold 6)", None)
    ]
