"""`hotdesk run`: the daemon in the foreground, as systemd and containers want it."""

from __future__ import annotations

import asyncio
import logging
import signal

import click

from asterisk_hotdesk import service
from asterisk_hotdesk.cli.logs import log_to_stderr
from asterisk_hotdesk.cli.opening import settings
from asterisk_hotdesk.config import Config

log = logging.getLogger(__name__)


@click.command()
@click.option("--verbose", "-v", is_flag=True, help="Log every detail.")
@click.pass_context
def run(ctx: click.Context, verbose: bool) -> None:
    """Serve calls and phones until stopped.

    Logs go to stderr, one line each. SIGTERM and SIGINT (Ctrl-C) end it with exit
    code 0; calls in progress go on, only logging in and out has to wait.
    """
    verbose = verbose or bool(ctx.find_root().params["verbose"])
    log_to_stderr(logging.DEBUG if verbose else logging.INFO)
    config = settings()
    for warning in config.warnings:
        log.warning("%s", warning)
    asyncio.run(_until_stopped(config))


async def _until_stopped(config: Config) -> None:
    serving = asyncio.ensure_future(service.run(config))
    stopping = asyncio.Event()

    def stop() -> None:
        stopping.set()
        serving.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        await serving
    except (asyncio.CancelledError, Exception) as error:
        if not stopping.is_set():
            raise
        if not isinstance(error, asyncio.CancelledError):
            log.warning("while stopping: %s", type(error).__name__)
            log.debug("while stopping", exc_info=error)
    log.info("stopped")
