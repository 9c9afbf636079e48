"""A PBX as it has grown: what its administrator wrote, with our lines in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.doctor import Finding, examine
from asterisk_hotdesk.doctor.checks.versions import MODULES
from asterisk_hotdesk.doctor.facts import Facts, Records, SeenByAmi, SeenByAri
from asterisk_hotdesk.doctor.reading_files import read
from asterisk_hotdesk.model import Device, LoggedOutTreatment, User

FILES = {
    "asterisk.conf": "[options]\nlive_dangerously = no\n",
    "logger.conf": "[logfiles]\nmessages => notice,warning,error\n",
    "http.conf": "[general]\nenabled=yes\nbindaddr=127.0.0.1\n",
    "ari.conf": "[general]\nenabled=yes\n[hotdesk]\ntype=user\npassword=s3cret\n",
    "manager.conf": (
        "[general]\nenabled=yes\nbindaddr=127.0.0.1\n"
        "[hotdesk]\nsecret=s3cret\nread=system,call,user\nwrite=system,reporting,user\n"
    ),
    "sorcery.conf": (
        "[res_pjsip]\nendpoint=config,pjsip.conf,criteria=type=endpoint\n"
        "endpoint=astdb,hotdesk_endpoint\n"
    ),
    "pjsip.conf": """\
[udp]
type=transport
bind=0.0.0.0:5060
[phone](!)
type=endpoint
context=internal
[200](phone)
[201](phone)
#tryinclude hotdesk.d/pjsip_hotdesk.conf
""",
    "pjsip_notify.conf": "",
    "features.conf": "[general]\npickupexten=*8\n",
    "extensions.conf": """\
[globals]
TRUNK=PJSIP/provider
[internal]
include => hotdesk-users
include => hotdesk-codes
exten => _2XX,1,Dial(PJSIP/${EXTEN})
exten => _2XX,hint,PJSIP/${EXTEN}
exten => *98,1,VoiceMailMain()
include => outside
[outside]
exten => 112,1,Dial(${TRUNK}/112)
exten => 110,1,Dial(${TRUNK}/110)
exten => _0.,1,Dial(${TRUNK}/${EXTEN:1})
[from-provider]
include => hotdesk-emergency-callback
include => own-numbers
[own-numbers]
exten => _4930X.,1,Dial(PJSIP/200)
#tryinclude hotdesk.d/extensions_hotdesk.conf
""",
}


def device(name: str = "HD0001", **differing: Any) -> Device:
    """Return a device with nothing to complain about."""
    usual = Device(
        id=1,
        account="default",
        name=name,
        mac=None,
        sip_secret="s3cret",
        web_password="s3cret",
        language=None,
        emergency_number="+4930555",
        location="Floor 1",
    )
    return replace(usual, **differing)


def user(extension: str, **differing: Any) -> User:
    """Return a user with nothing to complain about."""
    usual = User(
        id=1,
        account="default",
        extension=extension,
        name="Alice",
        context="internal",
        language=None,
        allowed=True,
        pin_hash="a hash",
        logged_out_treatment=LoggedOutTreatment.UNAVAILABLE,
        logged_out_target="",
    )
    return replace(usual, **differing)


ALL_IS_WELL = SeenByAri(
    version="22.10.1",
    started_at=None,
    modules=frozenset(MODULES),
    may_write=True,
    endpoints=frozenset({"200", "201", "HD0001"}),
    log_levels={"/var/log/asterisk/messages": ["notice"]},
    sounds={"agent-pass": frozenset({"en"})},
)

LEAST_RIGHTS = SeenByAmi(
    actions=frozenset(
        [
            "dbput",
            "dbdel",
            "dbgettree",
            "dialplanextensionadd",
            "reload",
            "devicestatelist",
            "getvar",
            "showdialplan",
            "userevent",
        ]
    ),
    contexts={},
    hints={"default/100": "PJSIP/HD0001"},
)


@dataclass
class GrownPbx:
    """A folder with these files, and what the doctor would see elsewhere."""

    folder: Path
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    ari: SeenByAri | None = ALL_IS_WELL
    ami: SeenByAmi | None = LEAST_RIGHTS
    users: Sequence[User] = (user("100"), user("101"))
    devices: Sequence[Device] = (device(),)
    seen: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        for name, text in FILES.items():
            (self.folder / name).write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a part of a file."""
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def add(self, name: str, text: str) -> None:
        """Add *text* to the end of a file."""
        with (self.folder / name).open("a") as file:
            file.write(text)

    def findings(self) -> list[Finding]:
        """Return what the doctor says."""
        return examine(self.facts())

    def facts(self) -> Facts:
        """Return what the doctor sees."""
        config = self.config()
        records = Records(
            devices=self.devices, users=self.users, daemon_is_running=True
        )
        return Facts(
            config=config,
            files=read(config, self.folder),
            ari=self.ari,
            ami=self.ami,
            **{"records": records, **self.seen},
        )

    def config(self) -> Config:
        """Return our settings."""
        base = {"base_url": "https://phones.example"}
        return Config.model_validate(
            {
                "state_dir": str(self.folder.parent / "state"),
                **self.settings,
                "asterisk": {
                    "ari_password": "s3cret",
                    "ami_secret": "s3cret",
                    "generated_dir": str(self.folder / "hotdesk.d"),
                },
                "provisioning": {**base, **self.settings.get("provisioning", {})},
            }
        )
