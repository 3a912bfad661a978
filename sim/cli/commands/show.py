"""`simrun show`: what was said in a run."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import NonNegativeInt, model_validator

from simrun.cli.command import DONE, Dashed, OfRun, Value, Word
from simrun.cli.telling import tell

if TYPE_CHECKING:
    from simrun.report.run import Run


class Show(OfRun):
    """Show the episodes of a run, what was said in one of them, or in both arms of a case."""

    name = "show"
    episode: Annotated[str | None, Word("EPISODE")] = None
    """An episode whose transcript to show: its number in the list, or the beginning of its id, if that is no number."""
    pair: Annotated[str | None, Dashed("CASE")] = None
    """A case: both arms side by side, with what each agent was told; words that differ are marked."""
    arm: Annotated[str | None, Value("ARM")] = None
    """With --pair: the arm that is set beside its reference; the first that is no control when not given."""
    repeat: Annotated[NonNegativeInt, Value("N")] = 0
    """With --pair: which repeat of the case, from 0."""
    prompts: bool = False
    """How much of the prompts came from a cache, beside the most that was possible."""
    words: bool = False
    """The words that one arm says more than the other, role by role."""

    @model_validator(mode="after")
    def _one_view(self) -> Self:
        chosen = {"EPISODE": self.episode is not None, "--pair": self.pair is not None}
        views = {**chosen, "--prompts": self.prompts, "--words": self.words}
        if sum(views.values()) > 1:
            raise ValueError(f"{' and '.join(view for view, asked in views.items() if asked)}: show one at a time")
        if self.pair is None and self.model_fields_set & {"arm", "repeat"}:
            raise ValueError("arm and repeat belong to a pair: give --pair CASE too")
        return self

    def run(self, as_json: bool) -> int:
        """A list, a transcript, a pair, or one of the two tables."""
        from simrun.cli.terminal import show_episodes, show_reuse, show_transcript, show_words
        from simrun.play.prompts import reuse
        from simrun.report.run import load
        from simrun.report.vocabulary import vocabularies

        run = load(self.path(), trust=self.trust)
        if self.words:
            _told(vocabularies(run.manifests[0], run.episodes, run.turns), show_words, as_json)
        elif self.prompts:
            _told(reuse(run.path, run.manifests[0].plan()), show_reuse, as_json)
        elif self.pair is not None:
            _pair(run, self.pair, self.arm, self.repeat, as_json)
        elif self.episode is None:
            (_episodes if as_json else show_episodes)(run)
        else:
            (_transcript if as_json else show_transcript)(run, run.trial(self.episode))
        return DONE


def _pair(run: "Run", case: str, arm: str | None, repeat: int, as_json: bool) -> None:
    from simrun.cli.pair import pair, show_pair

    arms, found = pair(run, case, arm, repeat)
    if as_json:
        tell(json.dumps(dict(zip(arms, found, strict=True))), as_json)
    else:
        show_pair(run, case, arms, found)


def _told(rows: Sequence[Any], show: Callable[[Sequence[Any]], None], as_json: bool) -> None:
    if as_json:
        tell(json.dumps([each.model_dump() for each in rows]), as_json)
    else:
        show(rows)


def _episodes(run: "Run") -> None:
    tell(run.episodes.sort_values("at", kind="stable").to_json(orient="records"), as_json=True)


def _transcript(run: "Run", trial: str) -> None:
    """One episode with its turns and outcomes, as one object."""
    tables = {"episode": run.episodes, "turns": run.turns.sort_values("position"), "outcomes": run.outcomes}
    own = {name: table[table["trial"] == trial].to_json(orient="records") for name, table in tables.items()}
    told = {name: json.loads(rows) for name, rows in own.items()}
    tell(json.dumps(told | {"episode": told["episode"][0]}), as_json=True)
