"""SIP messages and digest authentication, as far as a phone needs.

RFC 3261 (SIP), 3581 (rport), 2617 and 7616 (digest).
"""

import email
import hashlib
import re
import secrets
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass

Address = tuple[str, int]
Header = tuple[str, str]

COMPACT = {  # RFC 3261 §7.3.3, RFC 6665 §8.2
    "v": "Via",
    "f": "From",
    "t": "To",
    "i": "Call-ID",
    "m": "Contact",
    "l": "Content-Length",
    "c": "Content-Type",
    "o": "Event",
}


class SipError(Exception):
    """What arrived is not usable SIP; the text says why."""


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """The parts of `text`; quoted strings and <…> are never split."""
    parts, start, quoted, angle, escaped = [], 0, False, False, False
    for at, char in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped = char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "<>":
            angle = char == "<"
        elif char == separator and not angle:
            parts.append(text[start:at].strip())
            start = at + 1
    return [part for part in [*parts, text[start:].strip()] if part]


def unquote(text: str) -> str:
    """A quoted-string without its quotes and escapes; other text unchanged."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def quote(text: str) -> str:
    """`text` as a quoted-string (RFC 3261 §25.1)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def parameters(text: str, separator: str = ";") -> dict[str, str]:
    """`a=b;c="d"` as a dict: names in lower case, values unquoted."""
    pairs = (part.partition("=") for part in split_outside_quotes(text, separator))
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}


@dataclass(frozen=True)
class NameAddr:
    """A From, To, Contact or P-Asserted-Identity value (RFC 3261 §20.10)."""

    display: str
    uri: str
    params: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> "NameAddr":
        """The address in `text`; SipError if there is none."""
        before, *params = split_outside_quotes(text, ";") or [""]
        display, found, rest = before, "", ""
        if before.endswith(">"):
            display, found, rest = before[:-1].rpartition("<")
        uri = rest if found else before
        if ":" not in uri or any(char.isspace() for char in uri):
            raise SipError(f"not an address: {text!r}")
        shown = unquote(display.strip()) if found else ""
        return cls(shown, uri, parameters(";".join(params)))

    @property
    def user(self) -> str:
        """The number or name before the @, unescaped."""
        return uri_user(self.uri)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10


def uri_user(uri: str) -> str:
    """The user part of a SIP URI, unescaped; empty if it has none (§19.1.1)."""
    user, at, _ = uri.partition(":")[2].partition("@")
    return urllib.parse.unquote(user.partition(";")[0].partition(":")[0]) if at else ""


def uri_address(uri: str) -> Address:
    """Host and port of a SIP URI; port 5060 if it names none (§19.1.2)."""
    place = uri.partition(":")[2].rpartition("@")[2]
    host, _, port = place.partition(";")[0].partition("?")[0].partition(":")
    if not host or (port and not _is_number(port)):
        raise SipError(f"no host and port in {uri!r}")
    return host, int(port or 5060)


@dataclass
class Message:
    """Headers and body that requests and responses share (RFC 3261 §7)."""

    headers: list[Header]
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order, comma lists split."""
        lines = [text for key, text in self.headers if key.lower() == name.lower()]
        return [value for line in lines for value in split_outside_quotes(line, ",")]

    def find(self, name: str) -> str | None:
        """The first line of that header, whole; None if it is missing."""
        wanted = name.lower()
        return next((v for key, v in self.headers if key.lower() == wanted), None)

    def header(self, name: str) -> str:
        """The first line of that header; SipError if it is missing."""
        value = self.find(name)
        if value is None:
            raise SipError(f"no {name} header")
        return value

    def content(self, kind: str) -> bytes:
        """The body, or the part of it, of that type; empty if there is none."""
        about = f"Content-Type: {self.find('Content-Type') or ''}\r\n\r\n"
        whole = email.message_from_bytes(about.encode() + self.body)
        for part in whole.walk():
            if part.get_content_type() == kind and not part.is_multipart():
                content = part.get_payload(decode=True)
                return content if isinstance(content, bytes) else b""
        return b""

    def set(self, name: str, value: str) -> None:
        """Replace the first such header in its place, or add it at the end."""
        for at, (key, _) in enumerate(self.headers):
            if key.lower() == name.lower():
                self.headers[at] = (name, value)
                return
        self.headers.append((name, value))

    @property
    def call_id(self) -> str:
        return self.header("Call-ID")

    @property
    def cseq(self) -> tuple[int, str]:
        """Sequence number and method (§20.16)."""
        number, _, method = self.header("CSeq").partition(" ")
        if not (_is_number(number) and method.strip()):
            raise SipError(f"bad CSeq {number!r}")
        return int(number), method.strip()

    @property
    def branch(self) -> str:
        """The transaction's name, from the topmost Via (§8.1.1.7)."""
        vias = self.all("Via")
        if not vias:
            raise SipError("no Via header")
        return parameters(vias[0]).get("branch", "")

    def tag(self, name: str) -> str:
        """The tag of From or To; empty if there is none."""
        return NameAddr.parse(self.header(name)).params.get("tag", "")

    def _encode(self, start: str) -> bytes:
        kept = [(k, v) for k, v in self.headers if k.lower() != "content-length"]
        kept.append(("Content-Length", str(len(self.body))))
        lines = [start, *(f"{name}: {value}" for name, value in kept)]
        if any("\r" in line or "\n" in line for line in lines):
            raise SipError("line break inside a header")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass
class Response(Message):
    """A status line with headers and body."""

    status: int = 0
    reason: str = ""

    def encode(self) -> bytes:
        return self._encode(f"SIP/2.0 {self.status} {self.reason}")


@dataclass
class Request(Message):
    """A method on a URI with headers and body."""

    method: str = ""
    uri: str = ""

    def encode(self) -> bytes:
        return self._encode(f"{self.method} {self.uri} SIP/2.0")

    def response(
        self,
        status: int,
        reason: str,
        headers: Iterable[Header] = (),
        body: bytes = b"",
        *,
        tag: str = "",
    ) -> Response:
        """The response that §8.2.6 prescribes, with `tag` put on To if it lacks one."""
        copied = ("via", "from", "to", "call-id", "cseq", "record-route")
        kept = [(k, v) for k, v in self.headers if k.lower() in copied]
        response = Response([*kept, *headers], body, status, reason)
        if status > 100 and not self.tag("To"):
            response.set("To", f"{self.header('To')};tag={tag or new_token()}")
        return response


def new_token() -> str:
    """A random token for tags, branches and Call-IDs (§19.3)."""
    return secrets.token_hex(8)


def parse(datagram: bytes) -> Request | Response:
    """The message in one UDP datagram; SipError, and nothing else, if it is not one.

    Guaranteed afterwards: Via, From, To, Call-ID and CSeq can be read (§8.1.1).
    """
    head, empty_line, body = datagram.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not empty_line:
        raise SipError("no empty line after the headers")
    try:
        text = head.decode()
    except UnicodeDecodeError as problem:
        raise SipError("headers are not UTF-8") from problem
    start, *lines = text.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")
    headers = [_parse_header(line) for line in lines]
    message = _parse_start(start, headers)
    message.body = _body(message, body)
    _require_basics(message)
    return message


def _parse_header(line: str) -> Header:
    name, colon, value = line.partition(":")
    name = name.rstrip(" \t")
    if not colon or not name or any(char in name for char in ' \t"<>\r\n'):
        raise SipError(f"not a header: {line!r}")
    return COMPACT.get(name.lower(), name), value.strip()


def _parse_start(start: str, headers: list[Header]) -> Request | Response:
    first, _, rest = start.partition(" ")
    second, _, third = rest.partition(" ")
    if first == "SIP/2.0":
        if not (len(second) == 3 and _is_number(second)):
            raise SipError(f"bad status line {start!r}")
        return Response(headers, b"", int(second), third)
    if third != "SIP/2.0" or not first.isalpha() or ":" not in second:
        raise SipError(f"bad request line {start!r}")
    return Request(headers, b"", first, second)


def _body(message: Message, body: bytes) -> bytes:
    """§18.3: Content-Length cuts the datagram; a body that is too short is an error."""
    length = message.find("Content-Length")
    if length is None:
        return body
    if not _is_number(length):
        raise SipError(f"bad Content-Length {length!r}")
    if int(length) > len(body):
        raise SipError("body is shorter than its Content-Length")
    return body[: int(length)]


def _require_basics(message: Request | Response) -> None:
    _ = message.branch, message.call_id, message.tag("From"), message.tag("To")
    method = message.cseq[1]
    if isinstance(message, Request) and method != message.method:
        raise SipError(f"CSeq says {method}, the request is {message.method}")


# --- digest authentication (RFC 2617, RFC 7616, RFC 3261 §22) ---------------------


ECHOED: tuple[str, ...] = ("realm", "nonce", "algorithm", "opaque")


def _hash(algorithm: str, text: str) -> str:
    if algorithm.upper() == "MD5":
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    if algorithm.upper() == "SHA-256":
        return hashlib.sha256(text.encode()).hexdigest()
    raise SipError(f"unknown digest algorithm {algorithm!r}")


def _response_hash(given: dict[str, str], password: str, method: str) -> str:
    """RFC 7616 §3.4.1 for the values of an Authorization header."""
    algorithm = given.get("algorithm", "MD5")
    a1 = _hash(algorithm, f"{given['username']}:{given['realm']}:{password}")
    a2 = _hash(algorithm, f"{method}:{given['uri']}")
    middle = [given["nonce"]]
    if "qop" in given:
        middle += [given["nc"], given["cnonce"], given["qop"]]
    return _hash(algorithm, ":".join([a1, *middle, a2]))


def authorization(
    challenge: str,
    *,
    username: str,
    password: str,
    method: str,
    uri: str,
    cnonce: str = "",
) -> str:
    """The Authorization value that answers a WWW- or Proxy-Authenticate value."""
    scheme, _, rest = challenge.partition(" ")
    asked = parameters(rest, ",")
    if scheme.lower() != "digest" or not {"realm", "nonce"} <= asked.keys():
        raise SipError(f"no digest challenge: {challenge!r}")
    given = {"username": username, "uri": uri}
    given |= {name: asked[name] for name in ECHOED if name in asked}
    if "qop" in asked:
        if "auth" not in parameters(asked["qop"], ","):
            raise SipError(f"unknown qop {asked['qop']!r}")
        given |= {"qop": "auth", "nc": "00000001", "cnonce": cnonce or new_token()}
    given["response"] = _response_hash(given, password, method)
    bare = ("algorithm", "qop", "nc")  # RFC 7616 §3.4: these are not quoted
    return "Digest " + ", ".join(
        f"{name}={value if name in bare else quote(value)}"
        for name, value in given.items()
    )


def authorized(header: str | None, *, nonce: str, password: str, method: str) -> bool:
    """Whether an Authorization value proves the password for our `nonce`."""
    given = parameters((header or "").partition(" ")[2], ",")
    needed = {"username", "realm", "nonce", "uri", "response"}
    if "qop" in given:
        needed |= {"nc", "cnonce"}
    if not needed <= given.keys() or given["nonce"] != nonce:
        return False
    return given["response"] == _response_hash(given, password, method)
