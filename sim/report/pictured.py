"""What of a transcript is drawn beside its words: images, values by turn and by subject, who was heard by whom."""

from collections import Counter
from typing import Any

from simrun.agents.images import data_url
from simrun.agents.printable import printable
from simrun.agents.records import Image
from simrun.scenarios.outcome import Outcome
from simrun.stage.stage import Stage

ROOM = 4_000_000
"""Characters of images that a page holds; those beyond are named only."""
SHOWN = tuple(f"data:image/{kind};base64," for kind in ("png", "jpeg", "gif", "webp", "bmp", "svg+xml"))
"""What a browser draws; it runs no script in an image."""


class Album:
    """The images that agents were sent, each once."""

    def __init__(self, room: int = ROOM):
        self.urls: list[str] = []
        self._room, self._places = room, dict[str, int | str]()

    def place(self, image: Image) -> int | str:
        """Where an image stands in `urls`; its address or its name where it is not shown: it lies on the web, has
        changed or is no longer there, or there is no room."""
        if image.told not in self._places:
            self._places[image.told] = self._taken(image)
        return self._places[image.told]

    def _taken(self, image: Image) -> int | str:
        try:
            url = data_url(image)
        except ValueError as error:
            return printable(str(error))
        if not url.startswith(SHOWN) or len(url) > self._room:
            return printable(image.reference[:200])
        self._room -= len(url)
        self.urls.append(url)
        return len(self.urls) - 1


def by_turn(outcome: Outcome) -> dict[str, list[float | None]]:
    """Field -> its value at each turn, the mean over subjects where it has several."""
    found: dict[str, dict[int, list[float]]] = {}
    for cell in outcome.cells():
        if cell.turn is not None:
            own = found.setdefault(cell.field, {}).setdefault(cell.turn, [])
            own += [float(cell.value)] if isinstance(cell.value, int | float) else []
    return {
        field: [round(sum(own[turn]) / len(own[turn]), 4) if own.get(turn) else None for turn in range(max(own) + 1)]
        for field, own in found.items()
    }


def by_subject(outcome: Outcome) -> dict[str, dict[str, float | None]]:
    """Field -> subject -> value."""
    found: dict[str, dict[str, float | None]] = {}
    for cell in outcome.cells():
        if cell.subject is not None and cell.turn is None and not isinstance(cell.value, str):
            value = None if cell.value is None else round(float(cell.value), 4)
            found.setdefault(cell.field, {})[printable(cell.subject)] = value
    return found


def heard(stage: Stage) -> list[list[Any]]:
    """Who said how many things that who heard: [speaker, hearer, number]; nothing where fewer than three take part."""
    counts = Counter((entry.role, hearer) for entry in stage.transcript for hearer in entry.hearers)
    if len({role for edge in counts for role in edge}) < 3:
        return []
    return [[printable(speaker), printable(hearer), count] for (speaker, hearer), count in sorted(counts.items())]
