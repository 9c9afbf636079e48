"""Who may ask for configurations at all, and who has guessed too often."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from asterisk_hotdesk.networks import Networks, neighbourhood

MOST_ADDRESSES = 10_000
"""So many guessers are remembered; memory stays bounded when all the world guesses."""

MINUTE_SECONDS = 60.0


@dataclass
class _Misses:
    since: float
    count: int = 0
    macs: set[str] = field(default_factory=set)
    told: bool = False


class Guard:
    """Which networks are served, and what wrong requests cost."""

    def __init__(
        self,
        allowed_networks: Sequence[str],
        *,
        misses_per_minute: int,
        sweep_macs: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._networks = Networks(allowed_networks)
        self._most_misses = misses_per_minute
        self._sweep_macs = sweep_macs
        self._clock = clock
        self._misses: OrderedDict[str, _Misses] = OrderedDict()

    def allows(self, address: str) -> bool:
        """Return whether phones at *address* are served at all."""
        return self._networks.allow(address)

    def trusts(self, address: str) -> bool:
        """Return whether *address* has few enough wrong requests in this minute."""
        misses = self._current(neighbourhood(address))
        return misses is None or misses.count < self._most_misses

    def missed(self, address: str, mac: str) -> bool:
        """Count a wrong request; return whether it is time to report a sweep.

        That is once, when *address* has asked for too many different phones within a
        minute.
        """
        where = neighbourhood(address)
        misses = self._current(where)
        if misses is None:
            misses = self._misses[where] = _Misses(self._clock())
            if len(self._misses) > MOST_ADDRESSES:
                self._misses.popitem(last=False)
        misses.count += 1
        if len(misses.macs) < self._sweep_macs:
            misses.macs.add(mac)
        if misses.told or len(misses.macs) < self._sweep_macs:
            return False
        misses.told = True
        return True

    def _current(self, where: str) -> _Misses | None:
        misses = self._misses.get(where)
        if misses and self._clock() - misses.since >= MINUTE_SECONDS:
            del self._misses[where]
            return None
        return misses
