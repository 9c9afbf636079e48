"""The command `hotdesk` as a test runs it: in a process of its own, or faster, here."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from asterisk_hotdesk import cli
from asterisk_hotdesk.cli.failures import explained
from asterisk_hotdesk.store import Database

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Done:
    """How the command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Return the lines of its errors and notes, without our name before each."""
        return [line.removeprefix("hotdesk: ") for line in self.err.splitlines()]

    @property
    def json(self) -> Any:
        """Return what it printed as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Command:
    """`hotdesk`, with the settings of one test."""

    config: Path
    database: Database

    async def __call__(self, *arguments: str, stdin: str = "") -> Done:
        """Run the command in this process."""
        return await asyncio.to_thread(self._here, arguments, stdin)

    async def succeeds(self, *arguments: str, stdin: str = "") -> Done:
        """Run the command in this process; fail the test unless it ends well."""
        done = await self(*arguments, stdin=stdin)
        assert done.code == 0, done.err
        return done

    async def json(self, *arguments: str) -> Any:
        """Return what a listing says to programs."""
        return (await self.succeeds(*arguments, "--json")).json

    async def process(
        self, *arguments: str, stdin: bytes = b"", environ: dict[str, str] | None = None
    ) -> Done:
        """Run the command in a process of its own."""
        async with self.started(*arguments, environ=environ) as process:
            async with asyncio.timeout(PATIENCE_SECONDS):
                out, err = await process.communicate(stdin)
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())

    @contextlib.asynccontextmanager
    async def started(
        self, *arguments: str, environ: dict[str, str] | None = None
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """Yield the command as a process that ends with the block at the latest."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "asterisk_hotdesk",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"HOTDESK_CONFIG": str(self.config)} | (environ or {}),
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()

    def _here(self, arguments: tuple[str, ...], stdin: str) -> Done:
        with _logging_as_it_was():
            result = CliRunner().invoke(
                cli.hotdesk,
                ["--config", str(self.config), *arguments],
                input=stdin,
                prog_name="hotdesk",
                standalone_mode=False,
            )
        if result.exception is None:
            return Done(result.return_value or 0, result.stdout, result.stderr)
        code, lines = explained(result.exception)
        told = "".join(f"{line}\n" for line in lines)
        return Done(code, result.stdout, result.stderr + told)


@contextlib.contextmanager
def _logging_as_it_was() -> Iterator[None]:
    loggers = [logging.getLogger(n) for n in ("", "asterisk_hotdesk", "psycopg")]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    try:
        yield
    finally:
        for logger, level, handlers in before:
            logger.setLevel(level)
            logger.handlers[:] = handlers


def settings(dsn: str, schema: str, state_dir: Path, more: str = "") -> str:
    """Return a configuration file; nothing listens where it says Asterisk is."""
    return f"""\
state_dir = "{state_dir}"

[asterisk]
ari_url = "http://127.0.0.1:9"
ari_password = "ari-s3cret"
ami_port = 9
ami_secret = "ami-s3cret"
generated_dir = "{state_dir}/generated"

[database]
dsn = "{dsn}"
schema = "{schema}"

[provisioning]
base_url = "https://phones.example"
{more}
"""
