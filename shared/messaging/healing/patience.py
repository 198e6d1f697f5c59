"""How long a gap is given, and how often it is spoken of."""

from pydantic import BaseModel, ConfigDict


class Patience(BaseModel):
    """Seconds: how long a gap may stay open before it is asked for, and the longest pause between two requests."""

    model_config = ConfigDict(frozen=True)

    before_asking: float = 5.0
    longest: float = 300.0
    heads_every: float = 10.0
    heads_of_the_last: float = 600.0
