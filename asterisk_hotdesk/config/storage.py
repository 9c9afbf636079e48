"""Where we keep what we know."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from asterisk_hotdesk.config.values import Secret, Table, like


class DatabaseConfig(Table):
    """Which PostgreSQL, and which schema of it is ours."""

    dsn: Secret | None = None
    """None: the embedded PostgreSQL in `state_dir`."""
    schema_name: Annotated[
        str,
        Field(alias="schema"),
        like(r"[a-z_][a-z0-9_]{0,62}", "a lower-case SQL name of at most 63 letters"),
    ] = "hotdesk"
