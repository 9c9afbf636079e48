"""The doctor: looks at Asterisk, the database and the phones' URL, and says what ails.

It only looks.  What it cannot look at is a finding of its own.
"""

from asterisk_hotdesk.doctor.examining import examine
from asterisk_hotdesk.doctor.findings import Finding, Severity

__all__ = ["Finding", "Severity", "examine"]
