"""What a reader must know before the figures."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from simrun.log.manifest import Manifest
from simrun.report.blocks import Block, Prose
from simrun.report.section import Section
from simrun.score.scored import Scored

FEW = 20
"""Cases below which the report warns of intervals that are wide."""


class Notes(Section):
    """Warnings above all figures."""

    name, order = "notes", 10

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """A note each."""
        return tuple(Prose(text=note, level="note") for note in notes(run))


def notes(run: Scored) -> tuple[str, ...]:
    """What was played by what, what is owed, what could not be read or seen, and what cannot be told apart."""
    return (*run.manifest.notes, *_owed(run), *_cases(run.manifest), *_design(run.manifest))


def _owed(run: Scored) -> Iterator[str]:
    undone = run.played.episodes - run.played.unowed - run.played.done
    if undone:
        yield (
            f"{undone} of {run.manifest.owed} episodes have no outcome yet; they are left out here, and owed: "
            "simrun resume goes on."
        )
    first = 'QUALIFY row_number() OVER (PARTITION BY error ORDER BY "at", trial) = 1'
    examples = f"SELECT error, message FROM episodes WHERE state = 'error' {first} ORDER BY \"at\", trial"
    for error, message in run.tables.sql(examples).fetchall():
        yield f"Error {error}, for example: {message}"


def _cases(manifest: Manifest) -> Iterator[str]:
    yield from manifest.described
    if manifest.hidden_images:
        yield f"{manifest.hidden_images} cases have an image that nobody was shown (scenario.images=never)."
    if manifest.flags:
        told = "; ".join(f"{case} ({', '.join(flags)})" for case, flags in manifest.flags.items())
        yield f"{len(manifest.flags)} cases may give their answer away: {told}"
    yield from (f"Unreadable line left out: {fault}" for fault in manifest.faults)


def _design(manifest: Manifest) -> Iterator[str]:
    if mixed := list(_mixed(manifest)):
        yield f"A part of all combinations was played, out of which these cannot be told apart: {'; '.join(mixed)}."
    if manifest.in_blocks:
        arms = sum(not arm.control for arm in manifest.arms)
        yield (
            f"Each case played {manifest.config.design.block} of {arms} arms, the reference among them: effects are "
            "compared within the cases that played both, and means of an arm or a group are over different cases."
        )
    if len(manifest.cases) < FEW:
        yield f"{len(manifest.cases)} cases are few: intervals are wide, and say nothing about cases unlike these."


def _mixed(manifest: Manifest) -> Iterator[str]:
    """The factors of a fraction that are mixed with what two others do together: their levels do not meet evenly."""
    if manifest.config.design.cross != "fractional":
        return
    played = [arm.settings for arm in manifest.arms if not arm.control]
    names = [factor.name for factor in manifest.factors]
    for key in names:
        for pair in combinations([other for other in names if other != key], 2):
            level = Counter(arm[key] for arm in played)
            together = Counter(tuple(arm[other] for other in pair) for arm in played)
            met = Counter((arm[key], tuple(arm[other] for other in pair)) for arm in played)
            if any(met[one, both] * len(played) != level[one] * together[both] for one in level for both in together):
                yield f"the effect of {key} from what {' and '.join(pair)} do together"
