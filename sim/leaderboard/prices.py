"""What tokens cost, where who holds a board says so: FOLDER/prices.yaml."""

from collections.abc import Mapping
from pathlib import Path

from simrun.agents.price import MILLION, Price
from simrun.agents.records import Record
from simrun.leaderboard.scores import Scores
from simrun.leaderboard.submission import written

FILE = "prices.yaml"


class Prices(Record):
    """What a million tokens of each model cost."""

    currency: str = "USD"
    models: Mapping[str, Price] = {}
    """By the name under which a model stands on the board."""

    def cost(self, model: str, scores: Scores) -> float | None:
        """Of all runs of a submission; None where its model has no price."""
        price = self.models.get(model)
        if price is None:
            return None
        cached = price.read if price.cached is None else price.cached
        return (
            sum(
                (part.prompt_tokens - part.cached_tokens) * price.read
                + part.cached_tokens * cached
                + part.output_tokens * price.written
                for part in scores.parts
            )
            / MILLION
        )


def prices(folder: Path) -> Prices:
    """The prices of a board, none where it has no file of them. ConfigError says what such a file should have."""
    file = folder / FILE
    if not file.exists():
        return Prices()
    due = "models: {NAME: {read: 1.0, written: 2.0}}, per million tokens, and currency, in YAML"
    return written(file, Prices, f"it should have {due}")
