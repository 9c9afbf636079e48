"""The words of hot desking as values: account, user, device, login, switch, desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

DEFAULT_ACCOUNT = "default"
"""The account of users and devices where nobody named one."""


LONGEST_EXTENSION = 10
"""Digits; the database refuses longer ones."""


class LoggedOutTreatment(StrEnum):
    """What a caller gets who dials a user that sits nowhere."""

    UNAVAILABLE = "unavailable"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    NUMBER = "number"
    """Whatever the user could dial, such as a mobile phone."""
    EXTENSION = "extension"
    """Another user of the same account, else another number."""


class LoginMethod(StrEnum):
    """What a user gives to log in by phone; stored, so never rename one."""

    PIN = "pin"
    """A PIN that we keep."""
    VOICEMAIL = "voicemail"
    """The PIN of the user's mailbox, which Asterisk keeps."""
    NONE = "none"
    """Nothing: only an administrator can log this user in."""


class EndReason(StrEnum):
    """Why a login ended; stored, so never rename one."""

    LOGGED_OUT = "logged_out"
    REPLACED = "replaced"
    MOVED = "moved"
    FORCED = "forced"
    REMOVED = "removed"
    EXPIRED = "expired"
    """By a rule; the event of the logout says by which."""


class EventKind(StrEnum):
    """What others are told of; a public name, so never rename one.

    A login ends with either `LOGOUT` or `REPLACED`, never both.
    """

    LOGIN = "login"
    LOGOUT = "logout"
    """Of whatever reason but the next."""
    REPLACED = "replaced"
    """Somebody else logged in where this user sat: a `LOGIN` there follows."""
    AUTH_FAIL = "auth_fail"
    EMERGENCY = "emergency"
    EMERGENCY_OVER = "emergency_over"
    STALE = "stale"
    """A phone has not fetched its configuration since a switch, for too long."""
    FRESH = "fresh"
    """A phone that was stale has fetched."""

    @property
    def ami_name(self) -> str:
        """Return the name of the AMI user event, such as HotdeskAuthFail."""
        return "Hotdesk" + self.title().replace("_", "")


class PhoneState(StrEnum):
    """What Asterisk says of a phone; a public name, so never rename one."""

    REGISTERED = "registered"
    UNREACHABLE = "unreachable"
    """Registered, but it does not answer."""
    UNREGISTERED = "unregistered"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What an administrator of the web page may do; stored, so never rename one.

    Each may do what those before it may.
    """

    VIEWER = "viewer"
    """Look."""
    OPERATOR = "operator"
    """Log people in and out."""
    ADMIN = "admin"
    """Change users and devices."""

    def covers(self, needed: Role) -> bool:
        """Return whether whoever has this role may do what *needed* may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


class KeyKind(StrEnum):
    """What pressing a function key does; stored, so never rename one."""

    BLF = "blf"
    """Shows whether an extension is busy; dials it, or picks up its call."""
    SPEED_DIAL = "speed"
    LINE = "line"
    URL = "url"
    DTMF = "dtmf"
    PARK = "park"
    DND = "dnd"
    FORWARD = "forward"
    TRANSFER = "transfer"
    DIRECTORY = "directory"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class UserKey:
    """A function key that a user wants on every phone."""

    position: int
    """From 1, before the hot-desk key is put in."""
    kind: KeyKind
    value: str = ""
    """An extension, a number, a URL or digits, by kind; else empty."""
    label: str = ""
    priority: int = 5
    """1 to 9: where a phone has too few keys, those with the lowest number stay."""


@dataclass(frozen=True, kw_only=True)
class OwnLogoutRules:
    """Which rules log out that one user, or whoever sits at that one device.

    They come on top of those of the account.
    """

    never_logout: bool = False
    """Whether no rule does, not even those of the account."""
    logout_after_idle: str = ""
    """How long without a call, as `4h` or `90m`; empty: no rule of its own."""
    logout_after: str = ""
    """How long in all, as `10h`."""
    logout_at: str = ""
    """Every day at that time, as `18:00`."""


@dataclass(frozen=True, kw_only=True)
class DeviceOptions(OwnLogoutRules):
    """What is set for one phone; the defaults leave it to the settings."""

    transport: str = ""
    """`udp`, `tcp` or `tls`; empty: `provisioning.sip_transport`."""
    srtp: bool = False
    codecs: tuple[str, ...] = ()
    """Asterisk's names, the best first; empty: those of the PJSIP endpoint."""
    timezone: str = ""
    """Such as Europe/Berlin; empty: `provisioning.timezone`."""
    outbound_proxy: str = ""
    """`HOST[:PORT]` of an SBC that a remote phone goes through; empty: none."""
    hot_desk_key: int = 1
    """Which function key logs in and out, from 1; 0: none."""
    keep_key_positions: bool = False
    """Whether a user's keys stay where they are instead of making room for ours."""


@dataclass(frozen=True)
class Source:
    """Through which way in something was done, by whom, and from where."""

    by: str
    """phone, menu, command, web, api, ami, rule, base user; for phones that come by
    themselves http and pnp; stored, so never rename one."""
    actor: str = ""
    """The administrator, AMI user or rule; empty: whoever was at the phone."""
    address: str = ""
    """The IP address that the request came from, where there is one."""


BY_PHONE = Source("phone")
BY_COMMAND = Source("command")


@dataclass(frozen=True, kw_only=True)
class PhoneKind:
    """What a phone says it is; empty where it does not say."""

    vendor: str = ""
    model: str = ""
    firmware: str = ""


@dataclass(frozen=True, kw_only=True)
class User(OwnLogoutRules):
    """Somebody with an extension and a PIN."""

    id: int
    account: str
    extension: str
    name: str
    context: str
    """The PBX's dialplan context from which this user dials (class of service)."""
    language: str | None
    allowed: bool
    """Whether the user may log in at hot desks at all."""
    pin_hash: str | None = field(repr=False)
    logged_out_treatment: LoggedOutTreatment
    logged_out_target: str
    """A mailbox (`100@default`) for voicemail, digits for number and extension."""
    ringtone: int | None = None
    """1 to 9; None: the phone's own."""
    mailbox: str = ""
    """As `100@default`; empty: none."""
    call_groups: str = ""
    """Numbers from 0 to 63, as `1,3`: who may pick up this user's calls."""
    pickup_groups: str = ""
    """Numbers from 0 to 63: whose calls this user may pick up."""
    named_call_groups: str = ""
    """The same by names, as `sales,support`."""
    named_pickup_groups: str = ""
    account_code: str = ""
    """Of this user's calls in the PBX's call detail records."""
    fixed_endpoint: str = ""
    """A PJSIP endpoint of the PBX that is the user's as well; empty: none."""
    queue_interface: str = ""
    """The queue member that is paused while the user sits nowhere; empty: none."""
    login_method: LoginMethod | None = None
    """None: as the settings say."""
    pin_set_at: datetime | None = None
    may_log_others_out: bool = False
    """Whether the user may log others out from any phone, with the own PIN."""

    @property
    def key(self) -> str:
        """Return the name of this user's route: account and extension."""
        return user_key(self.account, self.extension)

    @property
    def caller_id(self) -> str:
        """Return what other phones show, in the form of SIP display names."""
        return f'"{_display_name(self.name) or self.extension}" <{self.extension}>'


@dataclass(frozen=True, kw_only=True)
class Device:
    """A phone on a desk.  Its name is its PJSIP endpoint, AOR and SIP user name."""

    id: int
    account: str
    name: str
    mac: str | None
    """Twelve lower-case hexadecimal digits; None: no phone has claimed it yet."""
    sip_secret: str = field(repr=False)
    web_password: str = field(repr=False)
    """Of the phone's own web page."""
    language: str | None
    emergency_number: str
    """The caller ID number of emergency calls from this desk; empty: the PBX's own."""
    location: str
    enabled: bool = True
    """Else its phone gets no configuration, and nobody can log in there."""
    options: DeviceOptions = field(default_factory=DeviceOptions)
    phone: PhoneKind = field(default_factory=PhoneKind)
    """What its phone last said it is."""
    base_user_id: int | None = None
    """Who sits there from the first start on."""
    base_user_returns: bool = False
    """Whether the base user comes back whenever somebody else has logged out."""

    @property
    def caller_id(self) -> str:
        """Return what other phones show while nobody is logged in."""
        return f'"{self.name}" <{self.name}>'


@dataclass(frozen=True, kw_only=True)
class Administrator:
    """Somebody who may use the web page."""

    id: int
    name: str
    role: Role
    language: str
    """`en` or `de`; empty: what the browser asks for."""
    password_hash: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ApiToken:
    """What a program proves to the API who it is with; the token itself is not kept."""

    name: str
    role: Role
    made_at: datetime
    used_at: datetime | None
    """Within a minute; None: never."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """One user on one device, for a time."""

    id: int
    user_id: int
    device_id: int
    since: datetime
    until: datetime | None = None
    end_reason: EndReason | None = None


@dataclass(frozen=True, kw_only=True)
class Switch:
    """One change of who sits at a device, and how far the PBX and the phone are.

    Its id is the generation of the desk's routes: a higher one is newer.
    """

    id: int
    device_id: int
    login_id: int | None
    """None: the switch made the desk idle."""
    decided_at: datetime
    routed_at: datetime | None = None
    refreshed_at: datetime | None = None
    confirmed_at: datetime | None = None
    restarted_at: datetime | None = None
    """The phone restarted although it was only asked to fetch."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A device, who sits there now, and the switch that made it so."""

    device: Device
    user: User | None = None
    switch: Switch | None = None
    """None: nobody has ever sat there."""

    @property
    def generation(self) -> int:
        """Return the number that the desk's routes carry."""
        return self.switch.id if self.switch else 0


@dataclass(frozen=True)
class Seating:
    """Who sits where, for some desks and users: what the PBX has to match."""

    desks: dict[str, Desk | None]
    """By device name; None: there is no such device."""
    users: dict[str, tuple[User, Desk | None] | None]
    """By user key: the user and the desk; None: there is no such user."""

    @property
    def change(self) -> Change:
        """Return the names of all these desks and users."""
        return Change(devices=frozenset(self.desks), users=frozenset(self.users))


@dataclass(frozen=True)
class Failures:
    """How often a PIN was wrong in a row, and when last."""

    count: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a decision touched, and so what has to be followed."""

    devices: frozenset[str] = frozenset()
    """Names of devices, also of removed ones."""
    users: frozenset[str] = frozenset()
    """Keys of users (`user_key`), also of removed ones."""
    directory: bool = False
    """Whether users or devices came, went or were edited: generated files differ."""

    def __or__(self, other: Change) -> Change:
        return Change(
            devices=self.devices | other.devices,
            users=self.users | other.users,
            directory=self.directory or other.directory,
        )


def user_key(account: str, extension: str) -> str:
    """Return the one name of a user among all accounts, as `default/100`."""
    return f"{account}/{extension}"


# Asterisk keeps these with a backslash before them, so what it says of an endpoint
# would never again be what it was told.
_SPECIAL = str.maketrans({'"': "'", "\\": " ", "<": " ", ">": " "})

# Asterisk cuts what is longer, and refuses the endpoint if that cuts a letter apart.
_LONGEST_NAME_BYTES = 79


def _display_name(name: str) -> str:
    """Return *name* with nothing that could end it or change it on its way."""
    plain = "".join(c if c.isprintable() else " " for c in name).translate(_SPECIAL)
    cut = plain.encode(errors="ignore")[:_LONGEST_NAME_BYTES]
    return cut.decode(errors="ignore").strip()
