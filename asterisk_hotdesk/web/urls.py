"""Where phones reach us: the URLs that their configuration holds."""

from __future__ import annotations

from urllib.parse import urlsplit

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.config.values import is_confidential
from asterisk_hotdesk.phones import PhoneSettings, file_names


def phone_settings(config: Config, token: str, mac: str, account: str) -> PhoneSettings:
    """Return what the phone with *mac* has to know besides its desk."""
    base, provisioning = config.provisioning.base_url, config.provisioning
    return PhoneSettings(
        sip_server=provisioning.sip_server,
        sip_port=provisioning.sip_port,
        sip_transport=provisioning.sip_transport,
        setting_url=f"{base}/p/{token}",
        action_url=f"{base}/a/{token}/{mac}",
        menu_url=menu_url(config, token, mac) if is_confidential(base) else None,
        trusted_host=urlsplit(base).hostname or "",
        ask_code=config.codes.ask_code(),
        logout_code=config.codes.logout_code(),
        voicemail_code=config.codes.voicemail_code(),
        pickup_prefix=provisioning.pickup_prefix,
        emergency_numbers=config.emergency.of(account).numbers,
        default_language=provisioning.language,
        tone_scheme=provisioning.tone_scheme,
        timezone=provisioning.timezone,
        templates_dir=provisioning.templates_dir,
    )


def bootstrap_url(base_url: str, token: str, mac: str, vendor: str) -> str:
    """Return where the phone with *mac* fetches for the first time; a secret."""
    return f"{base_url}/p/{token}/{file_names(vendor, mac)[0]}"


def menu_url(config: Config, token: str, mac: str) -> str:
    """Return where the menu of the phone with *mac* begins."""
    return f"{config.provisioning.base_url}/m/{token}/{mac}"
