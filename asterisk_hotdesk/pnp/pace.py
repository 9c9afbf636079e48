"""How many requests are looked at: a flood must cost us little, and others nothing."""

from __future__ import annotations

from collections import Counter


class Pace:
    """Admits so many requests a second in total, and so many of one address.

    It keeps no more than the addresses that were admitted within the second.
    """

    def __init__(self, *, total: int, of_one_address: int) -> None:
        self._total = total
        self._of_one_address = of_one_address
        self._second = 0
        self._admitted: Counter[str] = Counter()

    def admits(self, address: str, now: float) -> bool:
        """Return whether to look at a request of *address*; *now* is in seconds."""
        if int(now) != self._second:
            self._second = int(now)
            self._admitted.clear()
        if self._admitted.total() >= self._total:
            return False
        if self._admitted[address] >= self._of_one_address:
            return False
        self._admitted[address] += 1
        return True
