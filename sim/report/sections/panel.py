"""How far judges can be believed: against what is known, against people, and against each other."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from simrun.agents.records import Record
from simrun.config.menus import judges
from simrun.log.planted import PLANTED
from simrun.play.labelling import PEOPLE
from simrun.report.blocks import Block, Column, Finding, Prose, Table, row
from simrun.report.figures import figure
from simrun.report.section import Section
from simrun.score.metrics.effective_judges import EffectiveJudges
from simrun.score.metrics.panel_agreement import PanelAgreement
from simrun.score.panel import Panel as Verdicts
from simrun.score.samples import Located
from simrun.score.scored import Scored
from simrun.score.truth import MAJORITY, Against, against_people, corrected, found_of_planted, of_panel
from simrun.score.verdicts import themselves


class Panel(Section):
    """What each judge finds of what is there, corrected rates, agreement, and what a panel is worth."""

    name, order, title = "panel", 94, "How far the judges can be believed"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where nobody judged, and nothing is known."""
        return (*_notes(run), *_tables(run), *_panels(run))


class Agreement(Record):
    """Two judges, or all, on one figure."""

    key: str
    judges: str
    texts: int
    """That both, or at least two, judged."""
    ac1: float | None
    kappa: float | None
    alpha: float | None
    effective: float | None
    """Number of independent judges that they are worth, of their errors where people labelled, else of their
    verdicts."""


RATES = (
    Column.of("judge", "judge"),
    Column.of("figure", "key"),
    Column.of("arm", "arm"),
    Column.of("texts", "labels", form="count", about="With a verdict, and of which it is known what is so."),
    Column.of(
        "sensitivity (95 %)",
        "sensitivity.value",
        "sensitivity.low",
        "sensitivity.high",
        form="interval",
        about="Of what is there, the share that it finds; 1 is best.",
    ),
    Column.of(
        "specificity (95 %)",
        "specificity.value",
        "specificity.low",
        "specificity.high",
        form="interval",
        about="Of what is not there, the share that it lets pass; 1 is best.",
    ),
    Column.of("balanced", "balanced", form="figure", about="The mean of both; .5 is chance."),
)
CORRECTED = (
    Column.of("judge", "judge"),
    Column.of("figure", "key"),
    Column.of("arm", "arm"),
    Column.of("by the judge (95 %)", "judged.value", "judged.low", "judged.high", form="interval"),
    Column.of("by people (95 %)", "people.value", "people.low", "people.high", form="interval"),
    Column.of("labels", "people.n", form="count"),
    Column.of("by both (95 %)", "value", "low", "high", form="interval", about="Prediction-powered."),
)
AGREED = (
    Column.of("figure", "key"),
    Column.of("judges", "judges"),
    Column.of("texts", "texts", form="count"),
    Column.of("AC1", "ac1", form="figure"),
    Column.of("kappa", "kappa", form="figure"),
    Column.of("alpha", "alpha", form="figure"),
    Column.of("effective judges", "effective", form="figure"),
)
TABLES = (
    (
        "planted",
        "What judges find of what was planted",
        "Scripted agents whose replies are known, controls included.",
        RATES,
        found_of_planted,
    ),
    (
        "people",
        "Against people, by group",
        "A judge whose specificity differs between groups finds differences where there are none.",
        RATES,
        against_people,
    ),
    (
        "corrected",
        "Rates corrected by labels",
        "Right for any judge if what people labelled is a random part (Angelopoulos et al. 2023).",
        CORRECTED,
        corrected,
    ),
)
ITSELF = (
    "The judge {} is the model that it judges ({}: {}): models favour what they wrote themselves (metric "
    "self_preference). Give it another one: roles.{}.model=..."
)
RULES = "The judge {} is no measure: {}"
WORTH = "{}: {} judges are worth {} independent ones (design effect of Kish, from the correlation of their {}{})."
BEST = "{}: the best single judge is {} (balanced {} against {}); the majority of the panel is at {}{}"


def _notes(run: Scored) -> Iterator[Block]:
    for judge, role, model in themselves(run.manifest):
        yield Prose(text=ITSELF.format(judge, role, model, judge), level="note")
    known = judges()
    for judge in run.manifest.judges:
        if judge in known and known[judge].alone:
            yield Prose(text=RULES.format(judge, known[judge].about), level="note")


def _tables(run: Scored) -> Iterator[Block]:
    for key, title, about, columns, found in TABLES:
        if rows := tuple(row(each) for each in found(run)):
            yield Table(key=key, title=title, about=about, columns=columns, rows=rows)


def _panels(run: Scored) -> Iterator[Block]:
    rows: list[Agreement] = []
    for at in Verdicts.found(run):
        if at.sample.usable:
            rows += agreements(at)
            yield from _worth(at)
    for truth in (PEOPLE, PLANTED):
        for key, found in of_panel(run, truth):
            yield from _best(key, truth, found)
    if rows:
        yield Table(key="agreement", title="Agreement", columns=AGREED, rows=tuple(row(each) for each in rows))


def agreements(at: Located) -> Iterator[Agreement]:
    """All judges of one figure together, and each two of them where there are more."""
    panel = at.sample
    assert isinstance(panel, Verdicts)
    size = len(panel.judges)
    sets = [tuple(range(size)), *(combinations(range(size), 2) if size > 2 else ())]
    for chosen in sets:
        yield _agreement(at.outcome, _only(panel, chosen))


def _only(panel: Verdicts, chosen: Sequence[int]) -> Verdicts:
    """Some judges of a panel."""
    names = tuple(panel.judges[each] for each in chosen)
    return Verdicts(panel.verdict[:, list(chosen)], panel.label, panel.group, panel.case, names)


def _agreement(key: str, panel: Verdicts) -> Agreement:
    of_errors = EffectiveJudges(of="errors").measure(panel)
    return Agreement(
        key=key,
        judges=", ".join(panel.judges),
        texts=int(((panel.verdict == panel.verdict).sum(axis=1) > 1).sum()),
        ac1=PanelAgreement(of="AC1").measure(panel),
        kappa=PanelAgreement(of="kappa").measure(panel),
        alpha=PanelAgreement(of="alpha").measure(panel),
        effective=EffectiveJudges(of="verdicts").measure(panel) if of_errors is None else of_errors,
    )


def _worth(at: Located) -> Iterator[Block]:
    assert isinstance(at.sample, Verdicts)
    for metric in EffectiveJudges.asked(at.sample):
        found = metric.figure(at)
        if found.value is not None:
            lower = ", and so at least: judges who are right agree too" if metric.of == "verdicts" else ""
            told = WORTH.format(at.outcome, len(at.sample.judges), figure(found.value), metric.of, lower)
            yield Finding(text=told, verdict="limit")


def _best(key: str, truth: str, found: Sequence[Against]) -> Iterator[Block]:
    singles = [each for each in found if each.judge != MAJORITY and each.balanced is not None]
    whole = next(each for each in found if each.judge == MAJORITY)
    if not singles:
        return
    best = max(singles, key=lambda each: each.balanced or 0.0)
    doubt = whole.balanced is None or (best.balanced or 0.0) >= whole.balanced
    end = ": the panel adds nothing to it." if doubt else "."
    told = BEST.format(key, best.judge, figure(best.balanced), truth, figure(whole.balanced), end)
    yield Finding(text=told, verdict="doubt" if doubt else "passed")
