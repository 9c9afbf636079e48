"""Why a login fails, why a phone lags behind, and what helps.

Facts go in, findings come out; whoever asks gathers the facts.
"""

from asterisk_hotdesk.explanations.desks import about_device
from asterisk_hotdesk.explanations.facts import (
    DeviceFacts,
    Finding,
    House,
    UserFacts,
)
from asterisk_hotdesk.explanations.people import about_user

__all__ = [
    "DeviceFacts",
    "Finding",
    "House",
    "UserFacts",
    "about_device",
    "about_user",
]
