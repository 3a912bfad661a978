"""What people did with real things, beside which a run is read."""

from pydantic import Field

from simrun.agents.records import Record


class Anchor(Record):
    """So many real things that people rated alike: beside which a run is read."""

    ratings: tuple[float, ...]
    """In rising order, on the scale of those people; () where they were not rated."""
    accepted: bool | None = None
    """What was decided; None where that is not known."""
    count: int = Field(1, ge=1)
