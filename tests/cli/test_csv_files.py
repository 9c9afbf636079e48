"""CSV files as people really have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from asterisk_hotdesk.cli.csv_files import Complaints, rows
from asterisk_hotdesk.errors import Invalid


def file_of(folder: Path, content: str | bytes) -> Path:
    path = folder / "people.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: str | bytes) -> list[tuple[int, dict[str, str]]]:
    path, complaints = file_of(folder, content), Complaints()
    found = rows(path, ("name", "mac"), ("location",), complaints)
    complaints.tell()
    return [(given.line, given.what) for given in found]


@pytest.mark.parametrize(
    "content",
    [
        "name,mac\nHD1,0004\n",
        "name,mac\r\nHD1,0004\r\n",
        "\ufeffname,mac\nHD1,0004",
        "Name;MAC\nHD1;0004\n",
        "mac\tname\n0004\tHD1\n",
        'name,mac\n"HD1", 0004 \n\n,\n',
    ],
)
def test_what_spreadsheets_write(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content) == [(2, {"name": "HD1", "mac": "0004"})]


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    content = 'name,mac,location\n\nHD1,1,"two\nlines"\nHD2,2,\n'
    assert [line for line, _ in read(tmp_path, content)] == [3, 5]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("name,mac\n", "nothing after the header"),
        ("name\nHD1\n", "the column mac is missing"),
        ("name,mac,locatoin\nHD1,1,x\n", "unknown column 'locatoin'"),
        ("name,mac,mac\nHD1,1,2\n", "two columns mac"),
        ("name,mac\nHD1\nHD2,2,3\n", ":2: has 1 fields.*\n.*:3: has 3 fields"),
        ('name,mac\n"HD1,1\n', ":2: not CSV"),
        (b"name,mac\nHD1,\xfc\n", ":2: not UTF-8"),
        ("name,mac\nHD1,\x00\n", ""),
    ],
)
def test_what_is_no_such_file(
    tmp_path: Path, content: str | bytes, complaint: str
) -> None:
    if complaint:
        with pytest.raises(Invalid, match=complaint):
            read(tmp_path, content)
    else:
        # NUL is data for Python's csv since 3.11; the checks of values refuse it.
        assert read(tmp_path, content) == [(2, {"name": "HD1", "mac": "\0"})]
