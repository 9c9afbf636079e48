"""What administrators do, the same by command, page and API.

Each function decides in the database, records who did what, and wakes the daemon, which
brings PBX and phones in line.  It returns what was done, or raises a `Refused` that
says why nothing was.
"""
