"""The end of a run in a few lines."""

import pytest

from simrun.report.blocks import Finding, Prose, Scalar, Table
from simrun.report.render.terminal import VERDICTS, WARNINGS, Line, brief
from simrun.report.report import Report, SectionReport

ARM = {"name": "woman", "control": "", "accuracy": 0.5, "accuracy_low": 0.25, "accuracy_high": 0.75}


def report(done: int = 8, **sections: tuple) -> Report:
    own = {
        "question": (Prose(text="What changes?"),),
        "design": (
            Scalar(key="done", label="done", value=done),
            Scalar(key="owed", label="owed", value=8),
            Scalar(key="accuracy", label="accuracy", value="solved"),
        ),
        "arms": (Table(key="arms", columns=(), rows=(ARM, ARM | {"name": "placebo", "control": "placebo"})),),
        "effects": (),
        **sections,
    }
    told = {name: SectionReport(title="", blocks=blocks) for name, blocks in own.items()}
    return Report(run="r", scenario="clinic", complete=True, sections=told)


def finding(text: str, verdict: str, arm: str = "man") -> Finding:
    return Finding(text=text, verdict=verdict, outcome="solved", arm=arm, reference="woman")


def flips(outcome: str, rate: float | None, family: str = "primary") -> Table:
    row = {"outcome": outcome, "family": family, "placebo_flip_rate": rate}
    return Table(key=outcome, columns=(), rows=(row,))


def test_verdicts_of_what_is_no_control_the_differences_first():
    told = brief(
        report(
            effects=(
                finding("solved: inconclusive: +0.1 [-0.2, +0.4]; shown within 0.4. A true", "inconclusive"),
                finding("solved: a difference of -0.5 [-0.7, -0.3], p = 0.01 after correction.", "difference", "old"),
                finding("solved: inconclusive: +0 [-1, +1].", "inconclusive", "placebo"),
                Finding(text="Of 3 secondary outcomes: none.", verdict="inconclusive", arm="man", reference="woman"),
            )
        )
    )
    assert told == (
        Line("clinic", "What changes?"),
        Line("played", "8 of 8 episodes; solved 0.5 [0.25, 0.75] in the reference arm"),
        Line("verdict", "old against woman: solved: a difference of -0.5 [-0.7, -0.3], p = 0.01 after correction"),
        Line("verdict", "man against woman: solved: inconclusive: +0.1 [-0.2, +0.4]"),
    )


@pytest.mark.parametrize(
    ("arm", "told"),
    [
        ("patient.gender=man", "man"),
        ("bias.x=a=b", "bias.x=a=b"),
        ("a.b=c,d.e=f", "a.b=c,d.e=f"),
        ("positive", "positive"),
    ],
)
def test_an_arm_of_one_setting_is_called_by_its_level(arm, told):
    (*_, line) = brief(report(effects=(finding("solved: inconclusive: 0.", "inconclusive", arm),)))
    assert line == Line("verdict", f"{told} against woman: solved: inconclusive: 0")


def test_the_floor_is_what_a_placebo_flips_in_declared_outcomes():
    told = brief(report(effects=(flips("solved", 0.125), flips("trust", 0.5, "secondary"), flips("fit", None))))
    assert told[2:] == (Line("floor", "pairs that a placebo flips under the same seeds: 12.5 % in solved"),)


def test_what_makes_the_figures_mean_nothing_comes_before_notes_and_doubts():
    told = brief(
        report(
            notes=(Prose(text="4 cases are few.", level="note"),),
            quality=(Finding(text="**Not interpretable**: `x`.", verdict="failed"),),
            effects=(finding("solved has no declared bounds.", "doubt"),),
        )
    )
    assert [each.text for each in told if each.kind == "warning"] == [
        "Not interpretable: x.",
        "4 cases are few.",
        "solved has no declared bounds.",
    ]


def test_more_than_there_is_room_for_is_counted():
    many = tuple(finding(f"solved: inconclusive: {n}.", "inconclusive", f"arm{n}") for n in range(20))
    notes = tuple(Prose(text=f"note {n}", level="note") for n in range(9))
    told = brief(report(effects=(*many, flips("solved", 0.5)), notes=notes))
    assert len(told) == 2 + VERDICTS + 1 + WARNINGS <= 11
    assert Line("", "and 17 more in the report") in told
    assert Line("", "and 7 more in the report") in told


def test_of_a_run_in_which_nothing_was_played_the_cause_and_nothing_else():
    told = brief(
        report(0, notes=(Prose(text="4 cases are few."), Prose(text="Error connection, for example: refused")))
    )
    assert told == (
        Line("failed", "none of 8 episodes was played to its end"),
        Line("cause", "Error connection, for example: refused"),
    )


@pytest.mark.parametrize("hostile", ["a\nverdict  all is well", "\x1b[31mred"])
def test_words_of_anybodys_stay_in_their_line(hostile):
    (_, _, line) = brief(report(notes=(Prose(text=hostile),)))
    assert line.kind == "warning"
    assert not {"\n", "\x1b"} & set(line.text)


def test_what_was_planted_stands_beside_what_was_found_and_warns_of_nothing_twice():
    for verdict in ("passed", "failed"):
        found = Finding(text="solved: planted: -0.6; found: -0.7.", verdict=verdict, arm="positive", outcome="solved")
        told = brief(report(effects=(found,)))
        assert told[2:] == (Line("planted", "in scripted agents, same cases: solved: planted: -0.6; found: -0.7."),)


def test_a_placebo_that_moves_a_probability_says_how_far():
    row = {"outcome": "solved", "family": "control", "arm": "placebo", "difference": 0.002}
    told = brief(report(effects=(flips("solved", 1.0), Table(key="placebo", columns=(), rows=(row,)))))
    assert told[2].text.endswith("100 % in solved (by +0.002 on average)")
