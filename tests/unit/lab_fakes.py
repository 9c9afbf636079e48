"""What stands in for a PBX where the lab's phone itself is tested."""

from tests.lab import rtp, sip
from tests.lab.sip import Request, Response
from tests.lab.transactions import Transactions


class FakePbx:
    """Challenges every request, says yes to the right password, sends NOTIFYs."""

    def __init__(self) -> None:
        self.wire = Transactions(self._arrived)
        self.seen: list[Request] = []
        self.expires = 300
        self.changes = rtp.Changes()

    def _arrived(self, request: Request) -> None:
        proof, method = request.find("Authorization"), request.method
        if not sip.authorized(proof, nonce="n", password="secret", method=method):
            asked = 'Digest realm="pbx", nonce="n", qop="auth"'
            self.answer(request, 401, ("WWW-Authenticate", asked))
            return
        self.seen.append(request)
        self.answer(request, 200, ("Expires", str(self.expires)))
        self.changes.happened()

    def answer(self, request: Request, status: int, *headers: sip.Header) -> None:
        contact = ("Contact", "<sip:127.0.0.1:{1}>".format(*self.wire.address))
        more = [*headers, contact] if request.method == "SUBSCRIBE" else headers
        response = request.response(status, "Says the PBX", more, tag="pbx")
        self.wire.respond(request, response)

    async def notify(
        self, to: sip.Address, event: str, body: bytes = b"", *headers: sip.Header
    ) -> Response:
        """NOTIFY, inside the latest subscription if there is one."""
        about = self.seen[-1] if self.seen else None
        inside = about is not None and about.method == "SUBSCRIBE"
        basics = [
            ("Via", self.wire.via()),
            ("From", "<sip:pbx@127.0.0.1>;tag=pbx"),
            ("To", about.header("From") if about and inside else "<sip:x@127.0.0.1>"),
            ("Call-ID", about.call_id if about and inside else sip.new_token()),
            ("CSeq", "1 NOTIFY"),
            ("Event", event),
        ]
        uri = "sip:{}:{}".format(*to)
        request = Request([*basics, *headers], body, "NOTIFY", uri)
        return await self.wire.request(request, to)

    async def gets(self, count: int, method: str) -> None:
        await self.changes.until(
            lambda: [r.method for r in self.seen].count(method) >= count,
            5,
            lambda: f"{count} {method}, got {[r.method for r in self.seen]}",
        )
