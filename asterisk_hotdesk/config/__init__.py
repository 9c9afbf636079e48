"""The settings: one TOML file, with secrets from it, from files or the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from asterisk_hotdesk.config.ami import AmiConfig
from asterisk_hotdesk.config.codes import CodesConfig
from asterisk_hotdesk.config.emergency import EmergencyConfig
from asterisk_hotdesk.config.features import FeaturesConfig
from asterisk_hotdesk.config.file import Key, TomlFile
from asterisk_hotdesk.config.history import HistoryConfig
from asterisk_hotdesk.config.loading import fill
from asterisk_hotdesk.config.logout import LogoutConfig
from asterisk_hotdesk.config.metrics import MetricsConfig
from asterisk_hotdesk.config.pbx import MANAGED_FIELDS, AsteriskConfig, EndpointFields
from asterisk_hotdesk.config.pins import PinsConfig, PolicyConfig
from asterisk_hotdesk.config.prompts import PromptsConfig
from asterisk_hotdesk.config.provisioning import (
    PnpConfig,
    ProvisioningConfig,
    RefreshConfig,
)
from asterisk_hotdesk.config.storage import DatabaseConfig
from asterisk_hotdesk.config.values import Folder, Table
from asterisk_hotdesk.config.web import WebConfig
from asterisk_hotdesk.config.webhooks import WebhookConfig, WebhookName, webhook_secrets

__all__ = [
    "DEFAULT_PATH",
    "MANAGED_FIELDS",
    "SECRETS",
    "AmiConfig",
    "CodesConfig",
    "Config",
    "DatabaseConfig",
    "EmergencyConfig",
    "FeaturesConfig",
    "HistoryConfig",
    "LogoutConfig",
    "MetricsConfig",
    "PinsConfig",
    "PolicyConfig",
    "PromptsConfig",
    "ProvisioningConfig",
    "WebConfig",
    "WebhookConfig",
    "load",
]

DEFAULT_PATH = Path("/etc/asterisk-hotdesk/hotdesk.toml")

SECRETS: dict[Key, str] = {
    ("asterisk", "ari_password"): "HOTDESK_ARI_PASSWORD",
    ("asterisk", "ami_secret"): "HOTDESK_AMI_SECRET",
    ("database", "dsn"): "HOTDESK_DATABASE_DSN",
    ("pins", "pepper"): "HOTDESK_PIN_PEPPER",
}
"""Each secret's table and key, and the environment variable that wins over both.

Those of webhooks, which the file names, come on top.
"""


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Return the settings in force.

    They are read from *path*, else from where HOTDESK_CONFIG says, else from
    `DEFAULT_PATH`.  Raise ConfigError, whose text has a line for everything that is
    wrong and never the value of a secret.
    """
    chosen = path or Path(environ.get("HOTDESK_CONFIG") or DEFAULT_PATH)
    file = TomlFile.read(chosen)
    return fill(Config, file, SECRETS | webhook_secrets(file.values), environ)


class Config(Table):
    """All settings in force."""

    state_dir: Folder = Path("/var/lib/asterisk-hotdesk")
    asterisk: AsteriskConfig
    ami: AmiConfig = Field(default_factory=AmiConfig)
    database: DatabaseConfig = Field(default_factory=DatabaseConfig)
    codes: CodesConfig = Field(default_factory=CodesConfig)
    pins: PinsConfig = Field(default_factory=PinsConfig)
    policy: PolicyConfig = Field(default_factory=PolicyConfig)
    emergency: EmergencyConfig = Field(default_factory=EmergencyConfig)
    logout: LogoutConfig = Field(default_factory=LogoutConfig)
    provisioning: ProvisioningConfig = Field(default_factory=ProvisioningConfig)
    pnp: PnpConfig = Field(default_factory=PnpConfig)
    refresh: RefreshConfig = Field(default_factory=RefreshConfig)
    features: FeaturesConfig = Field(default_factory=FeaturesConfig)
    history: HistoryConfig = Field(default_factory=HistoryConfig)
    prompts: PromptsConfig = Field(default_factory=PromptsConfig)
    metrics: MetricsConfig = Field(default_factory=MetricsConfig)
    webhooks: dict[WebhookName, WebhookConfig] = Field(default_factory=dict)
    """Whom we tell over HTTP what happens, each by a name."""
    web: WebConfig = Field(default_factory=WebConfig)
    endpoint: EndpointFields = Field(default_factory=dict)
    """Further fields of every device's PJSIP endpoint, such as `transport`."""
    warnings: tuple[str, ...] = ()
    """What is allowed but unwise, for people to read; not a key of the file."""

    def shown(self) -> dict[str, Any]:
        """Return the settings as nested plain values, each secret as `********`."""
        return self.model_dump(mode="json", by_alias=True, exclude={"warnings"})
