"""Why a run that may stop early stopped, or did not: every look at it, what was decided, what was played beyond."""

from collections.abc import Iterator

from simrun.config.options import Width
from simrun.log.looks import deciding
from simrun.plan.looks import looks
from simrun.report.blocks import Block, Column, Prose, Scalar, Table, row
from simrun.report.section import Section
from simrun.score.looks import LEVEL
from simrun.score.scored import Scored


class Looks(Section):
    """The looks in the order in which they were made, and each question as far as it was followed."""

    name, order, title = "looks", 35, "Looks: when it was enough"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where the run was to play all its cases whatever it found."""
        if run.manifest.config.design.stop is None:
            return ()
        ended = deciding(run.looks)
        figures = {
            "stopped": ("the look at which the run was decided", None if ended is None else ended.number),
            "cases_looked_at": ("cases on which the figures rest", run.looks[-1].cases if run.looks else 0),
            "beyond": ("episodes of later cases that ended all the same", sum(_beyond(run).values())),
        }
        scalars = (Scalar(key=key, label=label, value=value, shown=False) for key, (label, value) in figures.items())
        return (*(Prose(text=each) for each in _sentences(run)), *scalars, _questions(run), _made(run))


def _sentences(run: Scored) -> Iterator[str]:
    yield _state(run)
    yield _method(run)
    if beyond := _beyond(run):
        yield (
            f"{sum(beyond.values())} episodes of {len(beyond)} later cases were in flight when it was decided, or had "
            f"ended before: they are in the tables, and count in no figure of pairs ({', '.join(beyond)})."
        )


def _state(run: Scored) -> str:
    every = looks(run.manifest.config.design, len(run.manifest.cases))
    made, planned = len(run.looks), f"{len(run.manifest.cases)} cases"
    if (ended := deciding(run.looks)) is not None:
        why = "every question was decided" if not _width(run) else "every interval was as narrow as asked for"
        return f"**Stopped at look {ended.number} of {len(every)}, after {ended.cases} of {planned}, because {why}.**"
    if made == len(every):
        return f"Looked {made} times and never stopped: after all of {planned} not every question was done."
    return (
        f"Looked {made} of {len(every)} times so far; the next look is after {every[made]} of {planned}, when all of "
        "their episodes have an outcome."
    )


def _width(run: Scored) -> float | None:
    stop = run.manifest.config.design.stop
    return stop.half_width if isinstance(stop, Width) else None


def _method(run: Scored) -> str:
    width, asked = _width(run), len(run.manifest.questions)
    level = "its level of .05" if asked == 1 else f"a level of {LEVEL / asked:.3g} (.05 over {asked} questions)"
    rule = (
        f"It stops when no interval reaches further than {width:g} either way."
        if width is not None
        else f"A difference is found by an exact sign-flip test of cases that spends {level} look by look (and, but "
        "for yes or no with one repeat, only once the interval leaves out 0); equivalence, where a margin is declared, "
        "by betting."
    )
    return (
        f"Looks come after blocks of cases in the order of the plan, fixed beforehand. {rule} The intervals of the "
        "primary outcomes are by betting and hold at every look; the difference itself, where a run stops because of "
        "it, tends to lie further from 0 than the truth. All other intervals and p values of this report take the "
        "number of cases as fixed, which it was not: they describe, and do not decide."
    )


def _beyond(run: Scored) -> dict[str, int]:
    """Case -> its episodes with an outcome, of the cases after the look that decided, in the order of the plan."""
    if (ended := deciding(run.looks)) is None:
        return {}
    done = 'SELECT "case", count(*) FROM episodes WHERE state = \'done\' GROUP BY "case"'
    counted = dict(run.tables.sql(done).fetchall())
    return {case: counted[case] for case in run.manifest.cases[ended.cases :] if case in counted}


QUESTIONS = (
    Column.of("outcome", "outcome"),
    Column.of("arm", "arm"),
    Column.of("reference", "reference"),
    Column.of(
        "difference (95 %, at every look)",
        "difference",
        "low",
        "high",
        form="signed interval",
        about="Mean over cases, each counting once; the interval by betting.",
    ),
    Column.of(
        "p adjusted",
        "p_adjusted",
        form="figure",
        about="Over all questions; - for a test that has not ended.",
    ),
    Column.of("shown within", "shown_within", form="figure", about="At 5 %, at every look."),
    Column.of("verdict", "verdict"),
    Column.of("cases", "cases", form="count", about="With a value in all arms."),
    Column.of("done after", "after", form="count", about="Cases; - while it is not."),
    Column.of("level", "level", form="figure", shown=False),
    Column.of("a case differs by at most", "bound", form="figure", shown=False),
)


def _questions(run: Scored) -> Table:
    return Table(key="questions", columns=QUESTIONS, rows=tuple(row(each) for each in run.followed))


MADE = (
    Column.of("look", "number", form="count"),
    Column.of("cases", "cases", form="count", about="The first so many of the plan."),
    Column.of("what was found", "why"),
)


def _made(run: Scored) -> Table:
    rows = tuple(each.model_dump(mode="json") for each in run.looks)
    return Table(key="looks", columns=MADE, rows=rows, empty="Nobody has looked yet.")
