"""Ctrl-C at any instant ends a command."""

from __future__ import annotations

import asyncio
import sys

import pytest

from tests.cli.command import Command
from tests.cli.terminal import Terminal

INTERRUPTED_BETWEEN_STEPS = """
import asyncio, collections, os, signal, sys

class Steps(collections.deque):
    left = int(sys.argv.pop(1))

    def popleft(self):
        step = super().popleft()
        Steps.left -= 1
        if Steps.left == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return step

class Loop(asyncio.SelectorEventLoop):
    def __init__(self):
        super().__init__()
        self._ready = Steps(self._ready)

class Policy(asyncio.DefaultEventLoopPolicy):
    _loop_factory = Loop

asyncio.set_event_loop_policy(Policy())
from asterisk_hotdesk.cli import main
main()
"""
"""Ctrl-C when the event loop has taken its next step and has not begun it."""


@pytest.mark.parametrize("step", range(100, 200, 12))
async def test_between_any_two_steps(office: Command, step: int) -> None:
    program = (sys.executable, "-c", INTERRUPTED_BETWEEN_STEPS, step)
    terminal = Terminal(*program, "--config", office.config, "status", "--watch")
    code, seen = await asyncio.to_thread(terminal.ended)
    assert code == 130
    assert "hotdesk: interrupted" in seen
    assert "Traceback" not in seen
