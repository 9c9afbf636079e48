"""What is plugged in for a while, and tells of its own bugs when it is taken away."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Plugged(ABC):
    """A device of the laboratory, which runs while the `async with` block does."""

    problems: list[BaseException]
    """Bugs of its own; the first is raised when it is closed."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
        if self.problems and problem is None:
            raise self.problems[0]

    @abstractmethod
    async def start(self) -> None:
        """Plug it in."""

    @abstractmethod
    async def close(self) -> None:
        """Take it away."""
