"""`simrun import`: logs of other tools, compared as pairs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import field_validator

from simrun.cli.command import DONE, Command, Dashed, Overrides, Value, Word
from simrun.cli.telling import tell
from simrun.config.errors import ConfigError

if TYPE_CHECKING:
    from simrun.config.options import Config


class Import(Command):
    """Compare what logs of other tools hold as pairs: Inspect's .eval, several at once.

    `simrun import inspect FILE.eval ... arm=FIELD pair=FIELD`. With judge=NAME a judge is asked of what was said;
    `roles.judge.backend=...` is who speaks. Nothing of a log is executed: docs/exports.md.
    """

    name, daily = "import", False
    reads = ("judge", "roles", "backend")
    source: Annotated[Literal["inspect"], Word("inspect")]
    """Whose logs they are."""
    files: Annotated[tuple[Path, ...], Word("FILE ...")]
    """The logs."""
    arm: Annotated[str | None, Value("FIELD")] = None
    """What says which arm a sample is of: a key of its metadata, or eval.model, eval.task, eval.log,
    eval.task_args.NAME; `arm` when not given."""
    pair: Annotated[str | None, Value("FIELD")] = None
    """What two samples of a pair have in common, beside the epoch: a key of the metadata, or sample.id; `pair` when not
    given, and sample.id where there is no such key."""
    case: Annotated[str | None, Value("FIELD")] = None
    """What pairs that are not independent have in common; `case` when not given, and the pair where there is no such
    key."""
    reference: Annotated[str | None, Value("ARM")] = None
    """The arm that the others are compared with; the first one when not given."""
    score: Annotated[tuple[str, ...], Value("NAME,NAME")] = ()
    """Which scores are compared; all when not given."""
    range: Annotated[tuple[float, float] | None, Value("LOW,HIGH")] = None
    """Between what the scores lie, where they do not say so themselves: without, intervals are approximate."""
    output: Annotated[Path | None, Dashed("FILE", key="-o")] = None
    """A CSV file to write all scores into, a row each."""

    overrides: Overrides = ()

    @field_validator("range", "score", mode="before")
    @classmethod
    def _listed(cls, given: object) -> object:
        return tuple(given.split(",")) if isinstance(given, str) else given

    @field_validator("range")
    @classmethod
    def _ordered(cls, given: tuple[float, float] | None) -> tuple[float, float] | None:
        if given is not None and not given[0] < given[1]:
            raise ValueError("the first must be less than the second")
        return given

    def run(self, as_json: bool) -> int:
        """ConfigError where the logs hold no pairs, LogError for a file that is no log."""
        from simrun.export.imported import told
        from simrun.export.reading import Asked, read
        from simrun.report.render.markdown import document

        where = {"arm": self.arm, "pair": self.pair, "case": self.case, "reference": self.reference}
        asked = Asked(**where, scores=self.score, ends=self.range)
        found = read(self.files, asked, self.output, _judging(self.overrides))
        tell(found.model_dump_json() if as_json else document("Logs of Inspect", told(found)), as_json)
        return DONE


def _judging(overrides: tuple[str, ...]) -> "Config | None":
    """Who judges, where somebody is to."""
    from simrun.config.composition import compose

    if not overrides:
        return None
    config, _ = compose(overrides, {})
    if not config.judges():
        raise ConfigError(f"{overrides[0]}: nobody is asked without judge=NAME (simrun list judges)")
    return config
