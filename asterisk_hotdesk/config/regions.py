"""Public holidays: which days they are, in which region.

Source: the library `holidays`, which knows those of some 250 countries and their parts.
"""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import date
from functools import cache


@cache
def public_holidays(region: str) -> Container[date]:
    """Return the public holidays of *region*, such as DE or DE-BY, of all years.

    Regions are those of ISO 3166.  Raises ValueError that says what was expected.
    """
    # Only here: it takes its time, and most installations need none.
    import holidays

    country, _, part = region.partition("-")
    try:
        if not re.fullmatch("[A-Z]{2}", country):
            raise NotImplementedError
        parts = holidays.country_holidays(country).subdivisions
    except NotImplementedError:
        raise ValueError("should be a country, such as DE, or a part: DE-BY") from None
    if part and part not in parts:
        of = f", and of {country} with one of {', '.join(parts)}" if parts else ""
        raise ValueError(f"should be a country or a part that is known{of}")
    return holidays.country_holidays(country, subdiv=part or None)
