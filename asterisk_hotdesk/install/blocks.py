"""Lines of ours in a file of the PBX, between two comments that say so.

Taking a block out gives back, byte for byte, what was there before it came in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

BEGIN = "; asterisk-hotdesk begin"
END = "; asterisk-hotdesk end"

NEW_FILE = " (new file)"
"""After `BEGIN`: there was no such file before."""

CUT_LINE = " (the line above had no end)"
"""After `BEGIN`: the line end above is ours, too."""

_BLOCK = re.compile(
    rb"(?:\r?\n(?=; asterisk-hotdesk begin \(the line)|)"
    rb"(?m:^); asterisk-hotdesk begin[^\n]*\n(?:[^\n]*\n)*?; asterisk-hotdesk end\r?\n"
)


def with_block(
    content: bytes | None, lines: Sequence[str], after: int | None = None
) -> bytes:
    """Return *content* with *lines* after line number *after*, or at its end.

    None stands for a file that does not exist.
    """
    old = content or b""
    line_end = "\r\n" if b"\r\n" in old else "\n"
    above = _lines(old)[:after]
    remark = NEW_FILE if content is None else ""
    joint = ""
    if above and not above[-1].endswith(b"\n"):
        remark, joint = CUT_LINE, line_end
    block = "".join(f"{line}{line_end}" for line in (f"{BEGIN}{remark}", *lines, END))
    head = b"".join(above)
    return head + (joint + block).encode() + old[len(head) :]


def without_blocks(content: bytes) -> bytes | None:
    """Return *content* without any block of ours; None: the file was ours alone."""
    rest = _BLOCK.sub(b"", content)
    if not rest and f"{BEGIN}{NEW_FILE}".encode() in content:
        return None
    return rest


def has_block(content: bytes) -> bool:
    """Return whether there is a block of ours."""
    return _BLOCK.search(content) is not None


def _lines(content: bytes) -> list[bytes]:
    # Not splitlines(): Asterisk counts line feeds only.
    return [line for line in re.split(rb"(?<=\n)", content) if line]
