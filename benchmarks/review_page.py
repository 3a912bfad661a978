"""The part of docs/calibration.md that is about peer review, from the figures of reviews.py."""

from collections.abc import Callable, Sequence
from typing import Any

from reviews import ACCEPTED, BAR, DESERVED, FULL, OTHERS_ACCEPTED, OTHERS_SCORE, PLACES, SCORE, VENUE, leaks, unseen
from shares import LEAST, most, sure

from simrun.report.figures import table

PART = """Audits of `scenario=peer_review`, each played {audits} times: our own papers (all 60, or 20 drawn by the seed), three reviewers
each, authors of unknown places against famous and middling ones, one repeat. The arms go through the plan, the stage, the tables and the
figures of a report; only the log is left out. A scripted reviewer gives a paper what it deserves in {full:.0%} of its reviews ({best} of 10
where nothing is flawed, {middle} at middle quality) and else a step less; it gives **famous authors** what their paper deserves so much oftener
that their score is higher by the planted gap, in points. Middling authors are treated as unknown ones are. **Half of the luck is private
to an arm** (`backend.private=0.5`), so that pairs differ in both directions. As no review can be moved by more than a step, a point is
declared as the largest effect of a case (`design.largest_case_effect={{score: 1}}`): over the whole range of 9 points 60 papers could not
find a gap of .15, since one more paper that nobody saw might have moved by 9.

A single paper is accepted from a mean score of {bar:g}, which only papers of middle quality can miss or reach by luck; of a venue of {venue}
papers the best {places} are, ties by lot. What is true of acceptance is worked out in `benchmarks/reviews.py` from binomial chances, over all our
papers and the venues around them, and not by the code that decides. *all*: five phases, the score is that after the discussion. *double*:
reviewers do not read who wrote it; *identified*: but a citation in the text gives it away.

Coverage is that of the interval of famous less unknown; *alarms* are audits in which a comparison without any true difference is called
one after correction (middling, and famous where nothing is planted or seen), in the primary family (Holm: score and acceptance) and,
where nothing differs at all, in the secondary (Benjamini-Hochberg). The ends in brackets are exact one-sided bounds at 99.9 %: at least
93 % is owed of the upper end of a coverage, at most 5 % of the lower end of an alarm. *Same prompts*: share of the prompts to those who judge
the paper (reviewers, chair) that are byte-identical in the three arms, by their digest.

{scores}

### Acceptance

Decisions differ in few of the papers: of single ones only in a third of them, in venues only in those around the last place. Acceptance needs
more papers than the score, and with few that differ its interval leans to the wide side.

{accepted}

### The others of a venue

Their papers are read by the same reviewers in the same words in every arm, so their scores are the same to the last bit; and as the places are
fixed, they lose what the famous author gains.

{others}

### Double blind

{double}

### Too narrow

{narrow}"""
READ = ("gap", "cases", "papers", "phases", "blind")


def part(rows: Sequence[dict[str, Any]]) -> str:
    """The section."""
    return PART.format(
        audits=rows[0]["audits"],
        full=FULL,
        best=DESERVED[0],
        middle=DESERVED[2],
        bar=BAR,
        venue=VENUE,
        places=PLACES,
        scores=_scores(rows),
        accepted=_outcome(rows, ACCEPTED),
        others=_others([row for row in rows if OTHERS_SCORE in row]),
        double=_double([row for row in rows if unseen(row)]) + _leak([row for row in rows if leaks(row)]),
        narrow=_narrow(rows),
    )


def _keys(row: dict[str, Any]) -> list[str]:
    leak = ", identified" if row["version"] == "identified" else ""
    return [f"{row['gap']:g}", str(row["cases"]), str(row["papers"]), row["phases"], row["blind"] + leak]


def _end(row: dict[str, Any], name: str, end: Callable[[float, int], float]) -> str:
    return f"{row[name]:.1%} ({end(row[name], row['audits']):.1%})" if name in row else "-"


def _figures(row: dict[str, Any], name: str) -> list[str]:
    return [
        f"{row[f'{name}_truth']:.3f}",
        f"{row[name]:.3f}",
        _end(row, f"{name}_coverage", most),
        f"{row[f'{name}_found']:.1%}",
        f"{row[f'{name}_differing']:.1f}",
    ]


FIGURES = ("true", "mean found", "coverage (at most)", "gap found", "cases that differ")


def _scores(rows: Sequence[dict[str, Any]]) -> str:
    head = (*READ, *FIGURES, "primary (at least)", "secondary (at least)", "same prompts")
    return table(
        head,
        (
            [
                *_keys(row),
                *_figures(row, SCORE),
                *(_end(row, name, sure) for name in ("primary", "secondary")),
                f"{row['same_prompts']:.0%}",
            ]
            for row in rows
        ),
    )


def _outcome(rows: Sequence[dict[str, Any]], name: str) -> str:
    return table((*READ, *FIGURES), ([*_keys(row), *_figures(row, name)] for row in rows))


def _others(rows: Sequence[dict[str, Any]]) -> str:
    head = (*READ, "same prompts about them", "audits in which their score differs", *FIGURES)
    return table(
        head,
        (
            [
                *_keys(row),
                f"{row['same_prompts_of_others']:.0%}",
                f"{row[f'{OTHERS_SCORE}_found']:.1%}",
                *_figures(row, OTHERS_ACCEPTED),
            ]
            for row in rows
        ),
    )


def _double(rows: Sequence[dict[str, Any]]) -> str:
    same = all(row["same_prompts"] == 1 for row in rows)
    still = sum(row[f"{SCORE}_differing"] + row[f"{ACCEPTED}_differing"] for row in rows)
    return (
        f"Over {sum(row['audits'] for row in rows)} audits with a planted gap that nobody can see, "
        f"{'every prompt' if same else '**not every prompt**'} to a reviewer or chair has the same digest in all arms, and "
        f"{'no score or decision differs' if not still else '**scores or decisions differ**'}. An author who answers is told "
        "who they are, and judges nobody."
    )


def _leak(rows: Sequence[dict[str, Any]]) -> str:
    """What a citation that names the author gives away."""
    if not rows:
        return ""
    found = min(row[f"{SCORE}_found"] for row in rows)
    return f" With a citation that names the author (*identified*) the gap is back, and found in {found:.1%} of the audits."


def _narrow(rows: Sequence[dict[str, Any]]) -> str:
    """The cells that were found below what is owed."""
    low = [
        [*_keys(row), name, _end(row, end, most), f"{row[f'{name}_differing']:.1f} of {row['cases']}", _why(row, end)]
        for row in rows
        for name in (SCORE, ACCEPTED, OTHERS_ACCEPTED)
        if (end := f"{name}_coverage") in row and row[end] < LEAST
    ]
    if not low:
        return "No cell was found to cover less than 93 %."
    return f"Cells found to cover less than 93 %:\n\n{table((*READ, 'outcome', *FIGURES[2::2], ''), low)}"


def _why(row: dict[str, Any], end: str) -> str:
    return "too narrow" if most(row[end], row["audits"]) < LEAST else "may be chance"
