"""What a phone sends that has no configuration yet, and what it should be told."""

from __future__ import annotations

MAC = "000413aabbcc"
URL = "http://192.0.2.10:8081/p/0123456789abcdef/000413aabbcc.xml"

SUBSCRIBE = """\
SUBSCRIBE sip:MAC%3a000413AABBCC@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.90:5060;rport
From: <sip:MAC%3a000413AABBCC@224.0.1.75>;tag=658512961
To: <sip:MAC%3a000413AABBCC@224.0.1.75>
Call-ID: 1930770594@192.0.2.90
CSeq: 1 SUBSCRIBE
Event: ua-profile;profile-type="device";vendor="snom";model="snomD785";version="10.1"
Expires: 0
Accept: application/url
Contact: <sip:192.0.2.90:5060>
Content-Length: 0

"""
"""What a snom at 192.0.2.90 sends; with `\\n` for the ends of lines."""


def subscribe(*changes: tuple[str, str]) -> bytes:
    """Return the datagram of SUBSCRIBE, with each old text replaced by a new one."""
    text = SUBSCRIBE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.replace("\n", "\r\n").encode()
