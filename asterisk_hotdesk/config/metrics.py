"""What Prometheus may ask."""

from __future__ import annotations

from asterisk_hotdesk.config.values import Host, Port, Table


class MetricsConfig(Table):
    """Whether `/metrics` is there, and where.  Whoever reaches it can read it."""

    enabled: bool = False
    listen_host: Host = "127.0.0.1"
    listen_port: Port = 9477
