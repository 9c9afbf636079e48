"""Puts hot desking beside a PBX that runs, and takes it away again.

Everything is planned first, as changes of files that can be shown; nothing is written
before somebody has seen it.
"""
