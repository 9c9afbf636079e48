"""How long it is kept what happened, and who it was."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from asterisk_hotdesk.config.values import Table

Days = Annotated[int, Field(ge=0, le=36500)]


class HistoryConfig(Table):
    """How long the history goes back, and how long it names people."""

    keep_days: Days = 365
    """What is older is deleted; 0: nothing is."""
    pseudonymise_days: Days = 0
    """In what is older, people have pseudonyms; 0: they keep their names."""

    @model_validator(mode="after")
    def _names_go_before_the_rest(self) -> HistoryConfig:
        if 0 < self.keep_days <= self.pseudonymise_days:
            raise ValueError(
                "should have pseudonymise_days below keep_days: what is deleted needs"
                " no pseudonyms"
            )
        return self
