"""`simrun show`: what was said in a run."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import model_validator

from simrun.cli.command import DONE, OfRun, Word
from simrun.cli.telling import tell

if TYPE_CHECKING:
    from simrun.report.run import Run


class Show(OfRun):
    """Show the episodes of a run, or what was said in one of them."""

    name = "show"
    episode: Annotated[str | None, Word("EPISODE")] = None
    """An episode whose transcript to show: its place in the list, from 0, or the beginning of its id."""
    prompts: bool = False
    """How much of the prompts came from a cache, beside the most that was possible."""
    words: bool = False
    """The words that one arm says more than the other, role by role."""

    @model_validator(mode="after")
    def _one_view(self) -> Self:
        views = {"EPISODE": self.episode is not None, "--prompts": self.prompts, "--words": self.words}
        if sum(views.values()) > 1:
            raise ValueError(f"{' and '.join(view for view, asked in views.items() if asked)}: show one at a time")
        return self

    def run(self, as_json: bool) -> int:
        """A list, a transcript, or one of the two tables."""
        from simrun.cli.terminal import show_episodes, show_reuse, show_transcript, show_words
        from simrun.play.prompts import reuse
        from simrun.report.run import load
        from simrun.report.vocabulary import vocabularies

        run = load(self.path(), trust=self.trust)
        if self.words:
            _told(vocabularies(run.manifests[0], run.episodes, run.turns), show_words, as_json)
        elif self.prompts:
            _told(reuse(run.path, run.manifests[0].plan()), show_reuse, as_json)
        elif self.episode is None:
            (_episodes if as_json else show_episodes)(run)
        else:
            (_transcript if as_json else show_transcript)(run, run.trial(self.episode))
        return DONE


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
