"""What other programs hear and ask over AMI, with an AMI login and nothing else."""

from asterisk_hotdesk.userevents.announcements import Announcements
from asterisk_hotdesk.userevents.questions import Questions

__all__ = ["Announcements", "Questions"]
