"""What tokens cost, as somebody has it from a provider's list: nothing here knows a price."""

from pydantic import Field

from simrun.agents.records import Record

MILLION = 1_000_000


class Price(Record):
    """Of a million tokens, in a currency that whoever gives it knows."""

    read: float = Field(ge=0)
    written: float = Field(ge=0)
    cached: float | None = Field(None, ge=0)
    """Of those read from a cache; as `read` when not given."""
