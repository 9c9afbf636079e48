"""All that an installation writes, as changes that can be shown first."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from asterisk_hotdesk.config import DEFAULT_PATH, Config, load
from asterisk_hotdesk.install import including
from asterisk_hotdesk.install.blocks import with_block
from asterisk_hotdesk.install.change import Change
from asterisk_hotdesk.install.including import Insertion
from asterisk_hotdesk.install.places import STATE_DIR, UNIT, Places, command
from asterisk_hotdesk.pbx.conf import Conf, read_conf

USER = "hotdesk"

EVENT_FILTERS = {
    "name(ContactStatus)": ("",),
    "name(DeviceStateChange),header(Device),method(starts_with)": ("PJSIP/",),
    "name(FullyBooted)": ("",),
    "name(MessageWaiting)": ("",),
    "name(Reload)": ("",),
    "name(Shutdown)": ("",),
    "name(UserEvent),header(UserEvent),method(exact)": (
        "HotdeskEmergency",
        "HotdeskEmergencyOver",
        "HotdeskLogoutRequest",
        "HotdeskStatus",
    ),
}
"""The AMI events that the service listens to, by what Asterisk calls match criteria.

Source: Asterisk documentation, "AMI Event Filtering".
"""

_templates = Environment(
    loader=PackageLoader("asterisk_hotdesk.install", "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - configuration files are not HTML
)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the administrator says about the installation."""

    address: str
    """Of this machine, as phones reach it."""
    emergency_context: str
    contexts: Sequence[str]
    queues: bool = False
    """Whether members of queues are to be paused while they sit nowhere."""


@dataclass(frozen=True)
class _Accounts:
    """How we reach Asterisk."""

    ari_user: str
    ari_url: str
    ari_password: str = field(repr=False)
    ami_user: str
    ami_host: str
    ami_port: int
    ami_secret: str = field(repr=False)


@dataclass(frozen=True)
class Installation:
    """What is to be done."""

    own: list[Change]
    """Files of ours."""
    included: list[Change]
    """Files of the PBX, with the lines that they need."""
    insertions: list[Insertion]
    """The same lines, for somebody who puts them in himself."""


def planned(places: Places, wishes: Wishes) -> Installation:
    """Return what is to be done; nothing is, where all is done.

    Raises `ConfigError` where settings exist and are wrong, and `NotFound` where a
    context does not exist.
    """
    config = _existing(places)
    accounts = _accounts(places, config)
    state_dir = config.state_dir if config else STATE_DIR
    lines = list(
        including.insertions(
            places,
            ari_user=accounts.ari_user,
            ami_user=accounts.ami_user,
            contexts=wishes.contexts,
        )
    )
    own = _accounts_files(places, accounts, queues=wishes.queues)
    own.append(
        _own(
            places,
            places.generated_dir / including.SORCERY,
            "where the desks' endpoints are kept",
            own_endpoints_first=including.own_endpoints_first(places),
        )
    )
    if config is None:
        own.append(_settings(places, accounts, wishes, state_dir))
    if places.has_systemd:
        own.append(_unit(places, state_dir))
    return Installation(
        own=[change for change in own if change.is_needed],
        included=_edited(places, lines),
        insertions=lines,
    )


def _existing(places: Places) -> Config | None:
    path = places.real(places.config)
    return load(path, os.environ) if path.exists() else None


def _accounts(places: Places, config: Config | None) -> _Accounts:
    if config is not None:
        asterisk = config.asterisk
        return _Accounts(
            asterisk.ari_username,
            asterisk.ari_url,
            asterisk.ari_password.get_secret_value(),
            asterisk.ami_username,
            asterisk.ami_host,
            asterisk.ami_port,
            asterisk.ami_secret.get_secret_value(),
        )
    http, manager = places.conf("http.conf"), places.conf("manager.conf")
    prefix = _general(http, "prefix", "").strip("/")
    url = f"http://{_host(http)}:{_general(http, 'bindport', '8088')}"
    return _Accounts(
        USER,
        f"{url}/{prefix}" if prefix else url,
        _secret(places.conf("ari.conf"), "password"),
        USER,
        _host(manager),
        int(_general(manager, "port", "5038")),
        _secret(manager, "secret"),
    )


def _general(conf: Conf, name: str, default: str) -> str:
    section = conf.section("general")
    return section.get(name, default) if section else default


def _host(conf: Conf) -> str:
    """Return where a server of Asterisk's is reached from this machine."""
    bind = _general(conf, "bindaddr", "")
    everywhere = ("", "0.0.0.0", "::", "[::]")  # noqa: S104 - what others wrote
    return "127.0.0.1" if bind in everywhere else bind


def _secret(conf: Conf, name: str) -> str:
    """Return what our account has already, or a new secret."""
    section = conf.section(USER)
    return (section.get(name) if section else "") or secrets.token_hex(24)


def _accounts_files(
    places: Places, accounts: _Accounts, *, queues: bool
) -> list[Change]:
    """Return the files with our accounts, except those that somebody else wrote."""
    changes = []
    for conf_name, name, user, secret, what in (
        ("ari.conf", including.ARI, accounts.ari_user, accounts.ari_password, "ARI"),
        (
            "manager.conf",
            including.MANAGER,
            accounts.ami_user,
            accounts.ami_secret,
            "AMI",
        ),
    ):
        path = places.generated_dir / name
        section = places.conf(conf_name).section(user)
        if section is None or section.place.file == places.real(path):
            changes.append(
                _own(
                    places,
                    path,
                    f"our account at {what}",
                    hidden=[secret],
                    username=user,
                    secret=secret,
                    host=accounts.ami_host,
                    event_filters=EVENT_FILTERS,
                    # What was granted once stays so.
                    queues=queues or _may_pause(places.real(path), user),
                )
            )
    return changes


def _may_pause(file: Path, user: str) -> bool:
    """Return whether our account in *file* may pause members of queues."""
    section = read_conf(file).section(user)
    return section is not None and "agent" in section.get("write")


def _settings(
    places: Places, accounts: _Accounts, wishes: Wishes, state_dir: Path
) -> Change:
    return _own(
        places,
        places.config,
        "the service's settings; only you change them from now on",
        mode=0o600,
        hidden=[accounts.ari_password, accounts.ami_secret],
        **{k: v for k, v in vars(accounts).items() if not k.endswith("user")},
        state_dir=state_dir,
        generated_dir=places.generated_dir,
        address=wishes.address,
        emergency_context=wishes.emergency_context,
        template="hotdesk.toml",
    )


def _unit(places: Places, state_dir: Path) -> Change:
    started = [str(command())]
    if places.config != DEFAULT_PATH:
        started += ["--config", str(places.config)]
    own_state = state_dir.parent == Path("/var/lib")
    writable = [places.generated_dir, *([] if own_state else [state_dir])]
    text = _text(
        UNIT,
        command=[*started, "run"],
        user=places.user,
        state_directory=state_dir.name if own_state else "",
        writable=writable,
    )
    return Change(
        path=places.real(places.unit),
        why="systemd starts the service, with no more rights than it needs",
        after=text.encode(),
        mode=0o644,
    )


def _own(
    places: Places,
    path: Path,
    why: str,
    *,
    mode: int = 0o640,
    hidden: Sequence[str] = (),
    template: str = "",
    **values: object,
) -> Change:
    return Change(
        path=places.real(path),
        why=why,
        after=_text(template or path.name, **values).encode(),
        mode=mode,
        owner=places.owner,
        hidden=hidden,
    )


def _text(name: str, **values: object) -> str:
    return _templates.get_template(f"{name}.j2").render(values)


def _edited(places: Places, lines: Sequence[Insertion]) -> list[Change]:
    """Return each file of the PBX with all the lines that it needs."""
    by_file: Mapping[Path, list[Insertion]] = {
        insertion.file: [i for i in lines if i.file == insertion.file]
        for insertion in lines
    }
    changes = []
    for file, wanted in by_file.items():
        path = places.real(file)
        content = path.read_bytes() if path.exists() else None
        # From the bottom up: what is put in does not move the lines above.
        for one in sorted(wanted, key=lambda i: -(i.after or 10**9)):
            content = with_block(content, one.lines, one.after)
        changes.append(
            Change(
                path=path,
                why="; ".join(one.why for one in wanted),
                after=content,
                owner=places.owner,
                keeps_backup=True,
            )
        )
    return changes
