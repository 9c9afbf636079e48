"""Webhooks: others are told over HTTP what happens, signed, in order, until it works.

The signatures are those of Standard Webhooks (https://www.standardwebhooks.com), so
that receivers can check them with a library of their language.
"""

from asterisk_hotdesk.webhooks.delivery import Webhooks

__all__ = ["Webhooks"]
