"""The settings: one TOML file, with secrets from it, from files or the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    model_validator,
)

from asterisk_hotdesk.config_file import Key, TomlFile
from asterisk_hotdesk.config_loading import fill
from asterisk_hotdesk.model import LoginMethod

DEFAULT_PATH = Path("/etc/asterisk-hotdesk/hotdesk.toml")

SECRETS: dict[Key, str] = {
    ("asterisk", "ari_password"): "HOTDESK_ARI_PASSWORD",
    ("asterisk", "ami_secret"): "HOTDESK_AMI_SECRET",
    ("database", "dsn"): "HOTDESK_DATABASE_DSN",
    ("pins", "pepper"): "HOTDESK_PIN_PEPPER",
}
"""Each secret's table and key, and the environment variable that wins over both."""


MANAGED_FIELDS = frozenset(
    {"aors", "auth", "callerid", "context", "language", "subscribe_context"}
    | {"accountcode", "call_group", "pickup_group"}
    | {"named_call_group", "named_pickup_group"}
    # These break an endpoint that is written over ARI: `set_var` is stored in a form
    # that no later write survives, `permit` and `deny` come back as a named ACL that
    # does not exist, and `mailboxes` shows the next user the count of the one before.
    | {"set_var", "permit", "deny", "mailboxes"}
)
"""Fields of a device's PJSIP endpoint that the administrator can't set."""

_CIVIC_ELEMENT = (
    "ADDCODE|A[1-6]|BLD|country|FLR|HN[OS]|LMK|NAM|P(C|CN|LC)|POBOX|PO[DM]|PR[DM]"
    "|RD(BR|SEC|SUBBR)?|ROOM|SEAT|STS|UNIT"
)
"""Of RFC 4119 and RFC 5139, except LOC: that is the device's own location."""


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Return the settings in force.

    They are read from *path*, else from where HOTDESK_CONFIG says, else from
    `DEFAULT_PATH`.  Raise ConfigError, whose text has a line for everything that is
    wrong and never the value of a secret.
    """
    chosen = path or Path(environ.get("HOTDESK_CONFIG") or DEFAULT_PATH)
    return fill(Config, TomlFile.read(chosen), SECRETS, environ)


def _like(pattern: str, expected: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"should be {expected}")
        return text

    return AfterValidator(check)


def _secret(secret: SecretStr) -> SecretStr:
    # Line ends would let a secret write further headers into an AMI action.
    if not secret.get_secret_value() or not secret.get_secret_value().isprintable():
        raise ValueError("should be printable text on one line, and not empty")
    return secret


def _url(url: str) -> str:
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right or not url.isprintable() or re.search(r"[\s?#@]", url):
        raise ValueError("should be http://HOST[:PORT][/PATH], or the same with https")
    return url.rstrip("/")


def _absolute(path: Path) -> Path:
    if not path.is_absolute() or not str(path).isprintable():
        raise ValueError("should be an absolute path")
    return path


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("should be a network such as 192.0.2.0/24") from None


def _endpoint_fields(fields: dict[str, str]) -> dict[str, str]:
    ours = MANAGED_FIELDS.intersection(fields)
    if ours:
        raise ValueError(f"should not set {min(ours)}: hot desking manages it")
    if any(not value.isprintable() for value in fields.values()):
        raise ValueError("should have printable text on one line as values")
    return fields


def _civic_address(address: dict[str, str]) -> dict[str, str]:
    unknown = [name for name in address if not re.fullmatch(_CIVIC_ELEMENT, name)]
    if unknown:
        raise ValueError(
            f"should not have {unknown[0]}: expected elements of RFC 4119 and RFC 5139"
            " such as country, A3 (city), RD (road), HNO (house number)"
        )
    # They are written into the dialplan, between double quotes.
    if any(not re.fullmatch(r"[\w ./:#+'&-]+", value) for value in address.values()):
        raise ValueError("should have letters, digits, blanks and . / : # + ' & - only")
    return address


def _command(command: tuple[str, ...]) -> tuple[str, ...]:
    if command and not Path(command[0]).is_absolute():
        raise ValueError("should begin with the absolute path of a program")
    return command


Secret = Annotated[
    SecretStr,
    AfterValidator(_secret),
    PlainSerializer(lambda _: "********", when_used="json-unless-none"),
]
Host = Annotated[str, _like(r"[A-Za-z0-9.:_-]+", "a host name or an IP address")]
Port = Annotated[int, Field(ge=1, le=65535)]
Positive = Annotated[int, Field(ge=1)]
Url = Annotated[str, AfterValidator(_url)]
Folder = Annotated[Path, Field(strict=False), AfterValidator(_absolute)]
File = Annotated[Path, Field(strict=False), AfterValidator(_absolute)]
Network = Annotated[str, AfterValidator(_network)]
Word = Annotated[str, _like(r"[A-Za-z0-9._-]+", "letters, digits and . _ - only")]
Digits = Annotated[str, _like(r"[0-9]+", "digits in quotes")]
Sound = Annotated[str, _like(r"[A-Za-z0-9_/.-]+", "NUMBER or the name of a sound")]
Sounds = Annotated[tuple[Sound, ...], Field(strict=False)]
EndpointFields = Annotated[dict[Word, str], AfterValidator(_endpoint_fields)]
Code = Annotated[str, _like(r"(PREFIX|[0-9*#])+", "made of PREFIX, digits, * and #")]
NumberList = Annotated[tuple[Digits, ...], Field(strict=False)]
EmergencyNumbers = Annotated[tuple[Digits, ...], Field(strict=False, min_length=1)]
CivicAddress = Annotated[dict[str, str], AfterValidator(_civic_address)]
Command = Annotated[tuple[str, ...], Field(strict=False), AfterValidator(_command)]
AccountName = Annotated[
    str, _like(r"[a-z0-9][a-z0-9-]{0,31}", "an account: lower-case letters, digits, -")
]


class _Table(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )


class AsteriskConfig(_Table):
    """How to reach Asterisk, and where it reads the files that we generate."""

    ari_url: Url = "http://127.0.0.1:8088"
    """The part before `/ari`."""
    ari_username: Word = "hotdesk"
    ari_password: Secret
    application: Annotated[
        str, _like(r"[a-z0-9-]+", "lower-case letters, digits and - only")
    ] = "hotdesk"
    """The name of our Stasis application."""
    ami_host: Host = "127.0.0.1"
    ami_port: Port = 5038
    ami_username: Word = "hotdesk"
    ami_secret: Secret
    generated_dir: Folder = Path("/etc/asterisk/hotdesk.d")


class DatabaseConfig(_Table):
    """Which PostgreSQL, and which schema of it is ours."""

    dsn: Secret | None = None
    """None: the embedded PostgreSQL in `state_dir`."""
    schema_name: Annotated[
        str,
        Field(alias="schema"),
        _like(r"[a-z_][a-z0-9_]{0,62}", "a lower-case SQL name of at most 63 letters"),
    ] = "hotdesk"


class CodesConfig(_Table):
    """What people dial; PREFIX and EXT stand for the prefix and an extension."""

    prefix: Annotated[str, _like(r"[0-9*#]+", "made of digits, * and #")] = "*77"
    ask: Code = "PREFIX"
    login: Annotated[
        str,
        _like(
            r"(PREFIX|[0-9*#])*EXT(PREFIX|[0-9*#])*",
            "made of PREFIX, digits, * and #, with EXT exactly once",
        ),
    ] = "PREFIX*EXT*"
    logout: Code = "PREFIX*5*"
    voicemail: Code = "PREFIX*8*"
    change_pin: Code = "PREFIX*9*"
    menu: Code = "PREFIX*1*"
    """What is spoken and done without our service, by AGI(hotdesk-menu.agi)."""

    def ask_code(self) -> str:
        """Return the code after which we ask for the extension."""
        return self.ask.replace("PREFIX", self.prefix)

    def login_code(self, extension: str) -> str:
        """Return the code that logs the user of *extension* in."""
        return self.login.replace("PREFIX", self.prefix).replace("EXT", extension)

    def logout_code(self) -> str:
        """Return the code that logs whoever sits there out."""
        return self.logout.replace("PREFIX", self.prefix)

    def voicemail_code(self) -> str:
        """Return the code that opens the mailbox of whoever sits there."""
        return self.voicemail.replace("PREFIX", self.prefix)

    def change_pin_code(self) -> str:
        """Return the code that lets people choose another PIN."""
        return self.change_pin.replace("PREFIX", self.prefix)

    def menu_code(self) -> str:
        """Return the code of the menu that needs no service of ours."""
        return self.menu.replace("PREFIX", self.prefix)

    @model_validator(mode="after")
    def _codes_differ(self) -> CodesConfig:
        codes = (
            self.ask_code(),
            self.login_code("EXT"),
            self.logout_code(),
            self.voicemail_code(),
            self.change_pin_code(),
            self.menu_code(),
        )
        if len(set(codes)) < len(codes):
            raise ValueError("should all be different codes")
        return self


class PinsConfig(_Table):
    """What a PIN is, how it is asked for, and what a wrong one costs."""

    method: Annotated[LoginMethod, Field(strict=False)] = LoginMethod.PIN
    """What users give of whom nothing else is said; see `hotdesk user add --help`."""
    length: Annotated[int, Field(ge=4, le=12)] = 6
    longest_voicemail: Annotated[int, Field(ge=1, le=20)] | None = None
    """Digits of the longest PIN of a mailbox; None: as many as `length` at most.

    Where mailboxes have more, everybody ends a shorter PIN with `#`, or by waiting.
    """
    expire_days: Annotated[int, Field(ge=0)] = 0
    """A PIN of ours that is older must be changed at the next login; 0: none must."""
    tries_per_call: Positive = 3
    silence_seconds: Positive = 8
    """How long we wait for the first digit and between two digits."""
    call_seconds: Positive = 120
    """How long a call to us may last at all."""
    pepper: Secret | None = None
    """None: made at the first start, in `state_dir`."""
    user_failures: Positive = 5
    device_failures: Positive = 10
    total_failures: Positive = 100
    first_lock_seconds: Positive = 30
    """Doubles with each further wrong PIN, up to `longest_lock_seconds`."""
    longest_lock_seconds: Positive = 3600
    hard_lock_failures: Positive = 20
    """A user with so many wrong PINs stays locked until an administrator unlocks."""
    forget_seconds: Positive = 3600

    @property
    def most_digits(self) -> int:
        """Return how many digits anybody's PIN has at most, of whatever kind."""
        return max(self.length, self.longest_voicemail or 0)


class PolicyConfig(_Table):
    """What the rules leave to the administrator."""

    second_login: Literal["move", "refuse"] = "move"
    """What happens to a user who logs in while logged in at another desk."""
    refuse_login_without_location: bool = False
    """Whether nobody can log in at a device of which we know no location."""


class AccountEmergencyConfig(_Table):
    """What differs for the desks of one account; None: it is as for all."""

    numbers: EmergencyNumbers | None = None
    context: Word | None = None
    internal_numbers: NumberList | None = None
    internal_context: Word | None = None
    notify_extension: Digits | None = None
    notify_context: Word | None = None
    civic_address: CivicAddress | None = None


class EmergencyConfig(_Table):
    """Numbers that every desk can always call, and what follows such a call."""

    numbers: EmergencyNumbers = ("112", "110")
    context: Word = "outside"
    """The PBX's dialplan context that takes these numbers outside."""
    internal_numbers: NumberList = ()
    """What a desk that nobody uses may call, too, such as first aid."""
    internal_context: Word = "internal"
    """The PBX's context that takes the internal numbers."""
    notify_extension: Digits | None = None
    """Rings at each emergency call and hears which desk it is; None: nobody's."""
    notify_context: Word = "internal"
    """The PBX's context that takes `notify_extension`."""
    notify_sounds: Sounds = ("beeperr",)
    """What is heard there before the number that was called and the desk are spelt."""
    notify_command: Command = ()
    """Started at each emergency call, with the facts as JSON on its standard input."""
    notify_command_seconds: Positive = 30
    """After so long it is killed."""
    pin_minutes: Positive = 60
    """How long after a call the desk's emergency number leads to that desk."""
    quiet_seconds: Annotated[int, Field(ge=0)] = 120
    """How long after a call its phone is not made to fetch: its display stays as it
    is while somebody may need it again."""
    callback_digits: Annotated[int, Field(ge=0, le=15)] = 0
    """How many of its last digits the provider sends of a number; 0: all."""
    callback_context: Word | None = None
    """The PBX's context that takes calls to an emergency number that is pinned to no
    desk; None: the desk, where only one has the number."""
    civic_address: CivicAddress = Field(default_factory=dict)
    """Of the site, for a PIDF-LO that Asterisk sends with the call; empty: none."""
    accounts: dict[AccountName, AccountEmergencyConfig] = Field(default_factory=dict)
    """What differs for the desks of an account, by its name."""

    def of(self, account: str) -> EmergencyConfig:
        """Return what holds for the desks of *account*."""
        own = self.accounts.get(account, AccountEmergencyConfig())
        return self.model_copy(
            update={k: v for k, v in vars(own).items() if v is not None}
        )

    @property
    def all_numbers(self) -> frozenset[str]:
        """Return the emergency numbers of all accounts."""
        return frozenset(self.numbers).union(
            *(self.of(a).numbers for a in self.accounts)
        )

    @model_validator(mode="after")
    def _internal_numbers_are_others(self) -> EmergencyConfig:
        for plan in (self, *map(self.of, self.accounts)):
            if both := set(plan.numbers) & set(plan.internal_numbers):
                raise ValueError(
                    f"should not have {min(both)} in both numbers and internal_numbers"
                )
        return self


class ProvisioningConfig(_Table):
    """Where phones fetch their configuration, who may, and what it tells them."""

    listen_host: Host = "127.0.0.1"
    listen_port: Port = 8081
    base_url: Url = "http://127.0.0.1:8081"
    """How phones reach `listen_host`."""
    tls_certificate: File | None = None
    """PEM, with the chain; None: plain HTTP."""
    tls_key: File | None = None
    client_ca: File | None = None
    """PEM: whose client certificates to believe, such as the phones' vendor's."""
    client_certificates: Literal["off", "optional", "required"] = "off"
    """A certificate that is shown must name the MAC address that is asked for."""
    allowed_networks: Annotated[
        tuple[Network, ...], Field(strict=False, min_length=1)
    ] = (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
    """Whoever asks from elsewhere gets nothing."""
    enrolment_minutes: Positive = 60
    """How long a new device's phone may fetch its first configuration."""
    enrolment_deliveries: Positive = 5
    """And how often, until it has used what it got."""
    misses_per_minute: Positive = 20
    """An address with more wrong requests is not listened to for a while."""
    sweep_macs: Positive = 10
    """So many different wrong MAC addresses in a minute are reported as an attack."""
    templates_dir: Folder = Path("/etc/asterisk-hotdesk/templates")
    """Templates here win over those that we bring; it need not exist."""
    sip_server: Host = "127.0.0.1"
    sip_port: Port = 5060
    sip_transport: Literal["udp", "tcp", "tls"] = "udp"
    pickup_prefix: Annotated[str, _like(r"[0-9*#]*", "made of digits, * and #")] = ""
    """What a BLF key dials before the extension to pick up a ringing call."""
    language: Annotated[
        str, _like(r"[a-z]{2,3}([_-][A-Za-z]{2})?", "a language such as en or de_CH")
    ] = "en"
    """For devices and users that have none of their own."""
    push: bool = True
    """Whether displays say unasked that somebody is logged in, where they can."""
    tone_scheme: Word | None = None
    """snom's name of a country's tones, such as GER; None: the phone keeps its own."""
    timezone: (
        Annotated[str, _like(r"[A-Za-z_]+(/[A-Za-z_+-]+)+", "such as Europe/Berlin")]
        | None
    ) = None
    """None: the phone keeps its own."""

    @model_validator(mode="after")
    def _tls_is_whole(self) -> ProvisioningConfig:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("should have both tls_certificate and tls_key, or neither")
        if self.client_certificates != "off" and not (
            self.client_ca and self.tls_certificate
        ):
            raise ValueError(
                "should have client_ca and tls_certificate where client_certificates"
                " is not off"
            )
        return self


class PnpConfig(_Table):
    """Whether we answer phones that ask the whole network who configures them."""

    enabled: bool = False
    interface: Host = "0.0.0.0"  # noqa: S104 - the system's choice of an interface
    """The IP address of ours that phones share a network with."""
    address: Host = "224.0.1.75"
    port: Port = 5060


class PromptsConfig(_Table):
    """The sounds of each prompt, one after the other; NUMBER is the extension.

    The defaults are from Asterisk's core sounds.  Where the caller's language lacks
    one, Asterisk plays the English one.
    """

    ask_extension: Sounds = ("agent-newlocation",)
    ask_pin: Sounds = ("agent-pass",)
    logged_in: Sounds = ("vm-extension", "NUMBER", "agent-loginok")
    logged_out: Sounds = ("vm-extension", "NUMBER", "agent-loggedoff")
    nobody_logged_in: Sounds = ("beeperr", "agent-loggedoff")
    bad_credentials: Sounds = ("vm-incorrect",)
    locked_out: Sounds = ("confbridge-pin-bad", "please-try-call-later")
    not_a_hot_desk: Sounds = ("im-sorry", "feature-not-avail-line")
    already_logged_in: Sounds = ("vm-extension", "NUMBER", "is-in-use")
    no_location: Sounds = ("im-sorry", "location", "feature-not-avail-line")
    in_emergency: Sounds = ("im-sorry", "is-in-use", "please-try-call-later")
    unavailable: Sounds = (
        "im-sorry",
        "feature-not-avail-line",
        "please-try-call-later",
    )
    goodbye: Sounds = ("vm-goodbye",)
    ask_new_pin: Sounds = ("vm-newpassword",)
    ask_new_pin_again: Sounds = ("vm-reenterpassword",)
    pin_expired: Sounds = ("vm-invalid-password",)
    weak_pin: Sounds = ("vm-invalid-password",)
    pins_differ: Sounds = ("vm-mismatch",)
    pin_changed: Sounds = ("vm-passchanged",)
    pin_of_mailbox: Sounds = ("im-sorry", "feature-not-avail-line")
    menu: Sounds = (
        "vm-onefor",
        "vm-password",
        "vm-press",
        "digits/2",
        "vm-for",
        "agent-loggedoff",
    )
    """1: another PIN; 2: log out, wherever that is."""


class RefreshConfig(_Table):
    """How fast phones are made to fetch, and when we look again."""

    per_second: Positive = 10
    stale_seconds: Positive = 60
    catch_up_seconds: Positive = 300


class Config(_Table):
    """All settings in force."""

    state_dir: Folder = Path("/var/lib/asterisk-hotdesk")
    asterisk: AsteriskConfig
    database: DatabaseConfig = Field(default_factory=DatabaseConfig)
    codes: CodesConfig = Field(default_factory=CodesConfig)
    pins: PinsConfig = Field(default_factory=PinsConfig)
    policy: PolicyConfig = Field(default_factory=PolicyConfig)
    emergency: EmergencyConfig = Field(default_factory=EmergencyConfig)
    provisioning: ProvisioningConfig = Field(default_factory=ProvisioningConfig)
    pnp: PnpConfig = Field(default_factory=PnpConfig)
    refresh: RefreshConfig = Field(default_factory=RefreshConfig)
    prompts: PromptsConfig = Field(default_factory=PromptsConfig)
    endpoint: EndpointFields = Field(default_factory=dict)
    """Further fields of every device's PJSIP endpoint, such as `transport`."""
    warnings: tuple[str, ...] = ()
    """What is allowed but unwise, for people to read; not a key of the file."""

    def shown(self) -> dict[str, Any]:
        """Return the settings as nested plain values, each secret as `********`."""
        return self.model_dump(mode="json", by_alias=True, exclude={"warnings"})
