"""How far a long piece of work has come."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

T = TypeVar("T")


def in_batches(
    items: Sequence[T], doing: str, size: int = 500
) -> Iterator[Sequence[T]]:
    """Yield *items* in batches; on a terminal a bar shows how many are done.

    There is no bar where they are so few that they are one batch.
    """
    hidden = len(items) <= size or not sys.stderr.isatty()
    with Progress(
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        disable=hidden,
    ) as progress:
        task = progress.add_task("", total=len(items))
        for i in range(0, len(items), size):
            batch = items[i : i + size]
            yield batch
            progress.advance(task, len(batch))
