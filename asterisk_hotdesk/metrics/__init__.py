"""Metrics for Prometheus: what happened, how things are, and how we are connected."""

from asterisk_hotdesk.metrics.page import Metrics
from asterisk_hotdesk.metrics.state import Live

__all__ = ["Live", "Metrics"]
