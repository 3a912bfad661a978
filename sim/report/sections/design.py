"""How much was planned and played, and what identifies it."""

from simrun.log.manifest import Manifest
from simrun.report.blocks import Block, Prose, Scalar
from simrun.report.section import Section
from simrun.score.competence import guessing
from simrun.score.scored import Scored


class Design(Section):
    """Cases, arms, repeats, seeds, the reference arm, whether only the declared words differ."""

    name, order, title = "design", 20, "Design"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """A paragraph, and its figures for programs."""
        manifest = run.manifest
        figures = {
            "cases": len(manifest.cases),
            "arms": len(manifest.arms),
            "repeats": manifest.repeats,
            "seed": manifest.seed,
            "owed": manifest.owed,
            "done": run.played.done,
            "config": manifest.digest,
            "suite": manifest.suite,
            "log": manifest.head,
            "treatment": manifest.treatment,
            "accuracy": run.outcome.accuracy,
            "chance": guessing(run),
        }
        told = (Scalar(key=key, label=LABELS[key], value=value, shown=False) for key, value in figures.items())
        return (Prose(text=_sentences(run)), *told)


LABELS = {
    "cases": "cases",
    "arms": "arms, controls included",
    "repeats": "repeats of each case in each arm",
    "seed": "seed of the run",
    "owed": "episodes planned",
    "done": "episodes with an outcome",
    "config": "digest of the config",
    "suite": "digest of the cases",
    "log": "hash of the last line of the log",
    "treatment": "whether only the declared words differ in the pairs",
    "accuracy": "the outcome whose mean is the accuracy",
    "chance": "the accuracy of whoever guesses, where that is known",
}


def _rest(run: Scored) -> str:
    if run.complete and run.played.unowed:
        return f", {run.played.unowed} owed no more since it was decided"
    return "" if run.complete else " (incomplete)"


def _sentences(run: Scored) -> str:
    manifest = run.manifest
    return (
        f"{len(manifest.cases)} cases x {_arms(manifest)} x {manifest.repeats} repeats: "
        f"{manifest.owed} episodes owed, {run.played.done} done{_rest(run)}. "
        f"Reference arm: {manifest.arms[0].name}. Run seed {manifest.seed}; the arms of a pair share every "
        "seed, but for `same`, which is the reference arm again with other random seeds: the noise floor. "
        f"{manifest.treatment}"
    ).strip()


def _arms(manifest: Manifest) -> str:
    """How many each case plays."""
    if not manifest.in_blocks:
        return f"{len(manifest.arms)} arms"
    crossed, block = sum(not arm.control for arm in manifest.arms), manifest.config.design.block
    controls = len(manifest.arms) - crossed
    return f"{block} of {crossed} arms{f' and {controls} controls' if controls else ''}"
