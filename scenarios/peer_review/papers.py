"""A submission as it is read: the text of one version of a study, and what is true of it."""

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from simrun.agents.records import Record
from simrun.scenarios.peer_review.figures import filled
from simrun.scenarios.peer_review.studies import QUALITIES, Quality, Study, studies
from simrun.scenarios.peer_review.versions import OURS, TREATED, Hiding, Version, treated

STATEMENTS = (
    "## Statements\nThe responsible committee approved the plan of the study before it began. The authors have no "
    "competing interests. Who contributed what is listed in the supplement, which also holds the full tables behind "
    "the figures that are given here and the materials that were used."
)
"""At the end of every paper of ours."""
RESULTS = ("Results",)
"""What a truncated submission lacks, and the table with it."""


class Paper(Record):
    """One submission."""

    id: str
    title: str
    field: str = ""
    keywords: tuple[str, ...] = ()
    text: str = Field(min_length=1)
    quality: Quality | None = None
    """Known by construction; None for a paper of others."""
    sound: float | None = Field(None, ge=0, le=1)
    """Share of its elements that are sound; None where that is not known."""
    flaws: tuple[str, ...] = ()
    """The elements that are flawed."""
    names: Mapping[str, str] = {}
    """Of each flaw, a regular expression of the words by which a review names it."""
    whats: Mapping[str, str] = {}
    """Of each flaw, what is wrong, as a careful reviewer would say it."""
    hidden: bool = False
    """Whether an instruction to the reviewer is hidden in it."""
    rating: float | None = None
    """What people gave it, where that is known."""
    accepted: bool | None = None
    """What people decided, where that is known."""

    def read(self) -> str:
        """Title and text, as a reviewer gets them."""
        return f"Title: {self.title}\n\n{self.text}"

    def version(self, version: Version, hiding: Hiding, author: str) -> "Paper":
        """A paper of others in a version. ValueError for one for which it must be known what is sound in it."""
        if version in OURS:
            raise ValueError(
                f"paper {self.id!r} is none of ours, and scenario.version={version} must know what is sound in it; for "
                f"papers of others give one of: original, {', '.join(TREATED)}"
            )
        text = treated(self.text, version, hiding, author, self.field)
        return self.model_copy(update={"text": text, "hidden": version == "hidden"})


def made(study: Study, quality: Quality, rng: np.random.Generator) -> "Submission":
    """A submission of a study, at a level of quality, with fresh numbers."""
    return Submission(study=study, quality=quality, flaws=study.flaws(quality, rng), numbers=study.draw(rng))


def own(seed: int) -> tuple["Submission", ...]:
    """One of each study and quality; another seed draws other numbers and flaws."""
    rng = np.random.default_rng(seed)
    return tuple(made(study, quality, rng) for study in studies() for quality in QUALITIES)


class Submission(Record):
    """A study at one level of quality, before a version of it is chosen."""

    study: Study
    quality: Quality
    flaws: tuple[str, ...]
    numbers: Mapping[str, float]

    @property
    def id(self) -> str:
        """`study-quality`"""
        return f"{self.study.id}-{self.quality}"

    def planted(self, rng: np.random.Generator) -> str:
        """The sound element that version `flawed` breaks: a fatal one where there is one, by lot; "" where none is."""
        sound = [name for name in self.study.elements if name not in self.flaws]
        fatal = [name for name in sound if self.study.elements[name].fatal]
        return str(rng.choice(fatal or sound)) if sound else ""

    def paper(
        self, version: Version = "original", flaw: str = "", hiding: Hiding = "white_text", author: str = ""
    ) -> Paper:
        """The submission in a version; `flaw` is the element that `flawed` breaks."""
        flaws = (*self.flaws, *([flaw] if version == "flawed" and flaw else []))
        elements = self.study.elements
        return Paper(
            id=self.id,
            title=self.study.story if version == "story" else self.study.title,
            field=self.study.field,
            keywords=self.study.keywords,
            text=self._text(version, flaws, hiding, author),
            quality=self.quality,
            sound=1 - len(flaws) / len(elements),
            flaws=flaws,
            names={name: elements[name].names for name in flaws},
            whats={name: elements[name].what for name in flaws},
            hidden=version == "hidden",
        )

    def _text(self, version: Version, flaws: tuple[str, ...], hiding: Hiding, author: str) -> str:
        parts = [*(self._section(name, version, flaws) for name in self._shown(version)), STATEMENTS]
        return treated("\n\n".join(parts), version, hiding, author, self.study.field)

    def _shown(self, version: Version) -> tuple[str, ...]:
        names = tuple(section.name for section in self.study.sections)
        return tuple(name for name in names if not (version == "truncated" and name in RESULTS))

    def _section(self, name: str, version: Version, flaws: tuple[str, ...]) -> str:
        section = next(each for each in self.study.sections if each.name == name)
        told = [
            filled(
                each.told(flawed=each.element in flaws, reworded=version == "reworded", story=version == "story"),
                self.numbers,
            )
            for each in section.text
        ]
        table = [self.study.table.told(self.numbers)] if name in RESULTS else []
        return "\n".join([f"## {name}", " ".join(told), *table])
