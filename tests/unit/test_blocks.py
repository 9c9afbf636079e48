"""What is put into a file of the PBX can be taken out without a trace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_hotdesk.install.blocks import has_block, with_block, without_blocks

CONTENTS = st.lists(
    st.sampled_from([b"a", b"[x]", b"\n", b"\r\n", b" ", b"\xe9", b"; note", b"y=1"])
).map(b"".join)


@given(CONTENTS, st.integers(0, 5) | st.none())
def test_taken_out_everything_is_as_it_was(content: bytes, after: int | None) -> None:
    changed = with_block(content, ["#tryinclude ours.conf"], after)
    assert has_block(changed)
    assert b"#tryinclude ours.conf" in changed
    assert without_blocks(changed) == content


@given(CONTENTS)
def test_several_blocks_are_taken_out(content: bytes) -> None:
    changed = with_block(with_block(content, ["one"]), ["two"], 0)
    assert without_blocks(changed) == content


def test_a_new_file_is_gone_again() -> None:
    changed = with_block(with_block(None, ["[general]"]), ["more"])
    assert without_blocks(changed) is None
    # What somebody has written below since stays.
    assert without_blocks(changed + b"own\n") == b"own\n"


@pytest.mark.parametrize(
    ("content", "after", "expected"),
    [
        (b"[a]\nx=1\n", 1, b"[a]\n; B\nnew\n; E\nx=1\n"),
        (b"[a]\nx=1\n", None, b"[a]\nx=1\n; B\nnew\n; E\n"),
        (b"[a]\r\nx=1\r\n", 1, b"[a]\r\n; B\r\nnew\r\n; E\r\nx=1\r\n"),
    ],
)
def test_where_it_stands(content: bytes, after: int | None, expected: bytes) -> None:
    changed = with_block(content, ["new"], after)
    for mark, short in ((b"begin", b"B"), (b"end", b"E")):
        changed = changed.replace(b"asterisk-hotdesk " + mark, short)
    assert changed == expected


def test_a_last_line_without_an_end_stays_a_line_of_its_own() -> None:
    changed = with_block(b"[a]\nx=1", ["new"])
    assert changed.splitlines()[1] == b"x=1"
    assert changed.splitlines()[3] == b"new"
