"""What the doctor has seen; None where it could not look, which is a finding too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.doctor.findings import Finding
from asterisk_hotdesk.model import Device, User
from asterisk_hotdesk.pbx.conf import Conf


@dataclass(frozen=True, kw_only=True)
class PbxFiles:
    """The configuration files of Asterisk."""

    folder: Path
    confs: Mapping[str, Conf]
    """By name, such as `pjsip.conf`."""
    changed_at: Mapping[str, datetime] = field(default_factory=dict)
    """When the files were last written, with all that they include."""
    strange_owner: Path | None = None
    """Our state directory, if it belongs to another user than the generated files."""
    open_secrets: Sequence[Path] = ()
    """Files with secrets of ours that everybody on this machine can read."""

    def conf(self, name: str) -> Conf:
        """Return a file, which need not exist."""
        return self.confs.get(name) or Conf(self.folder / name, exists=False)


@dataclass(frozen=True, kw_only=True)
class SeenByAri:
    """What Asterisk says over ARI."""

    version: str
    started_at: datetime | None
    modules: frozenset[str]
    """Those that run, without `.so`."""
    may_write: bool
    endpoints: frozenset[str]
    """The names of all PJSIP endpoints."""
    log_levels: Mapping[str, Sequence[str]]
    """By log file or console, what it shows, in lower case."""
    sounds: Mapping[str, frozenset[str] | None]
    """By sound of a prompt, the languages that it exists in; None: it does not."""


@dataclass(frozen=True)
class LiveContext:
    """A context of the dialplan that runs."""

    extensions: Mapping[str, str]
    """By extension or pattern, who brought it in, such as `pbx_config`."""
    includes: Sequence[str] = ()
    switches: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class SeenByAmi:
    """What Asterisk says over AMI."""

    actions: frozenset[str]
    """The names of the actions that we may use, in lower case."""
    contexts: Mapping[str, LiveContext | None]
    """By name, the contexts that we asked for; None: Asterisk has none such."""
    hints: Mapping[str, str]
    """By key of some users, what their hint watches; empty: they have none."""


@dataclass(frozen=True, kw_only=True)
class Records:
    """What the database says."""

    devices: Sequence[Device]
    users: Sequence[User]
    daemon_is_running: bool


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that was seen."""

    config: Config
    files: PbxFiles
    ari: SeenByAri | None = None
    ami: SeenByAmi | None = None
    records: Records | None = None
    provisioning_problem: str | None = None
    """Why the URL that phones are given does not work; None: it does."""
    unseen: Sequence[Finding] = ()
    """What could not be looked at, and why."""

    @property
    def users(self) -> Sequence[User]:
        """Return the users that are known of."""
        return self.records.users if self.records else ()

    @property
    def devices(self) -> Sequence[Device]:
        """Return the devices that are known of."""
        return self.records.devices if self.records else ()
