"""The AMI listener: what Asterisk says of our phones, kept current in the database."""

from asterisk_hotdesk.status.listener import Listener

__all__ = ["Listener"]
