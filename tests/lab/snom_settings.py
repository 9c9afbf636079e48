"""The settings file of a snom, read strictly."""

import ipaddress
import re
import xml.etree.ElementTree as ET
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.lab.settings import BadSettings

__all__ = ["BadSettings", "Contact", "Key", "Setting", "Settings", "parse_settings"]

# The names are those of the templates of Wazo (wazo-provd-plugins), FusionPBX (D785)
# and Tancredi (snom.tmpl, snomD8XX.tmpl), and of snom's wiki (service.snom.com:
# "<phone-settings>", "<functionKeys>", "<tbook>", "Permission Flags", "Key lock").
IDENTITY_SETTINGS = frozenset(
    """
    blf_directed_call_pickup blf_park_pick_up call_waiting codec_priority_list
    dnd_mode dnd_off_code dnd_on_code fwd_all_enabled fwd_all_off_code
    fwd_all_on_code fwd_all_target fwd_busy_enabled fwd_busy_off_code
    fwd_busy_on_code fwd_busy_target fwd_time_enabled fwd_time_off_code
    fwd_time_on_code fwd_time_secs fwd_time_target hide_identity keepalive_interval
    mac_info_in_sip_register retry_after_failed_subscribe user_active user_auth_tag
    user_custom user_dtmf_info user_expiry user_failover_identity user_hash user_host
    user_ice user_idle_number user_idle_text user_mailbox user_media_transport_offer
    user_name user_outbound user_pass user_pname user_realname user_ringer
    user_ringer_forwarded_calls user_ringer_private_line user_savp user_server_type
    user_sipusername_as_line user_srtp user_symmetrical_rtp
    """.split()  # noqa: SIM905 - one name a line would hide the rest of the module
)
PHONE_SETTINGS = frozenset(
    """
    action_attended_transfer action_blind_transfer action_connected_url
    action_disconnected_url action_dnd_off_url action_dnd_on_url action_hold
    action_incoming_url action_log_off_url action_log_on_url action_missed_url
    action_offhook_url action_onhook_url action_outgoing_url action_redirection_off_url
    action_redirection_on_url action_reg_failed action_setup_url action_transfer
    action_unhold admin_mode admin_mode_login admin_mode_password
    admin_mode_password_confirm admin_mode_upon_http_login answer_after_policy
    auto_logoff_time auto_reboot_on_setting_change backlight backlight_idle
    block_url_dialing call_completion call_waiting challenge_checksync
    challenge_reboot challenge_response checksync_action codec_tos
    custom_bg_image_url cw_dialtone date_us_format dhcp dhcp_v6
    dialnumber_us_format dim_timer display_method dkey_directory dkey_dnd dkey_hold
    dkey_label_page_next dkey_label_page_prev dkey_menu dkey_retrieve dkey_transfer
    dns_server1 dns_server2 empty_tls_client_cert enable_keyboard_lock eth_net eth_pc
    ethernet_replug filter_registrar firmware firmware_status gateway
    global_missed_counter guess_number http_client_hash http_client_pass
    http_client_save_credentials http_client_user http_pass http_port http_proxy
    http_scheme http_user https_port idle_cancel_key_action idle_down_key_action
    idle_left_key_action idle_ok_key_action idle_right_key_action
    idle_up_key_action ip_adr keyboard_lock keyboard_lock_emergency keyboard_lock_pw
    keyboard_lock_timeout language led_call_indicator_usage lldp_enable locale
    logon_wizard mac_info_in_sip_register max_boot_delay mb_trusted_hosts
    mute_is_dnd_in_idle mwi_dialtone mwi_notification netmask network_id_port
    no_dnd ntp_refresh_timer ntp_server offer_gruu phone_name pnp_config privacy_in
    privacy_out prov_polling_enabled prov_polling_mode prov_polling_period
    prov_polling_time prov_polling_time_rand_end provisioning_order quick_transfer
    retry_after_failed_register ring_sound rtp_port_end rtp_port_start session_timer
    setting_server settings_refresh_timer show_clock signaling_tos
    status_msgs_that_are_blocked subscription_delay time_24_format timer_support
    timezone tone_scheme transfer_dialing_on_other transfer_dialing_on_transfer
    transfer_on_hangup transfer_on_hangup_non_pots update_filename update_policy
    update_server use_hidden_tags user_phone vlan_id vlan_pc_id vlan_pc_priority
    vlan_port_tagging vlan_qos vol_handset vol_headset vol_ringer vol_speaker vpn_on
    watchdog web_language web_logout_timer webserver_admin_name
    webserver_admin_password webserver_cert webserver_type webserver_user_name
    webserver_user_password xml_notify
    """.split()  # noqa: SIM905
)
SECRETS = frozenset(
    """
    admin_mode_password admin_mode_password_confirm http_client_hash http_client_pass
    http_pass keyboard_lock_pw user_hash user_pass webserver_admin_password
    webserver_user_password
    """.split()  # noqa: SIM905
)
# snom publishes no such list; what Wazo and Tancredi treat so, and what cannot change
# under a running network, web server or firmware.
STATIC_SETTINGS = frozenset(
    """
    dhcp dhcp_v6 dns_server1 dns_server2 eth_net eth_pc firmware gateway http_port
    http_scheme https_port ip_adr lldp_enable netmask network_id_port vlan_id
    vlan_pc_id vlan_pc_priority vlan_port_tagging vlan_qos vpn_on webserver_cert
    webserver_type
    """.split()  # noqa: SIM905
)
ON_OFF = frozenset(
    """
    admin_mode auto_reboot_on_setting_change call_completion challenge_checksync
    challenge_reboot challenge_response enable_keyboard_lock filter_registrar
    fwd_all_enabled fwd_busy_enabled fwd_time_enabled guess_number keyboard_lock
    logon_wizard mac_info_in_sip_register pnp_config prov_polling_enabled
    user_active user_auth_tag user_sipusername_as_line user_srtp xml_notify
    """.split()  # noqa: SIM905
)
VALUES = {
    "checksync_action": {
        "",
        "sync",
        "reboot",
        "reregister",
        "factory-reset",
        "delete-contacts",
    },
    "prov_polling_mode": {"rel", "abs", "random"},
    "update_policy": {
        "settings_only",
        "auto_update",
        "ask_for_update",
        "never_update",
    },
    "user_savp": {"off", "optional", "mandatory"},
    "webserver_type": {"off", "http", "https", "http_https"},
} | {name: {"on", "off"} for name in ON_OFF}
NUMBERS = frozenset(
    {
        "keyboard_lock_timeout",
        "prov_polling_period",
        "settings_refresh_timer",
        "user_expiry",
    }
)
# Values that are of the same form as what a function key does.
ACTION_KEYS = re.compile(r"gui_fkey[1-4]$|dkey_|idle_\w+_key_action$|context_key$")
SOFT_KEYS = frozenset(f"gui_fkey{number}" for number in range(1, 5))
CONTEXT_KEYS = range(4)
IDENTITIES = range(1, 13)
KEY_SLOTS = range(220)  # the most that Wazo fills, three extension modules included
WRITABLE = frozenset({"RW", "$", "", "RWV"})
ONCE = "!"  # written only until the user changes it: no way to deliver a credential
PERMS = frozenset({"R", "&", " ", ONCE, "V", "RV"}) | WRITABLE
KEY_TYPES = frozenset(
    """
    line none speed dest blf presence icom orbit dtmf url keyevent button multicast p2t
    ivr transfer redirect autoanswer conference recorder mult starcode xml
    """.split()  # noqa: SIM905
)
NEED_ARGUMENT = frozenset({"speed", "dest", "blf", "dtmf", "url", "keyevent"})
KEY_ATTRIBUTES = {
    "idx",
    "context",
    "label",
    "short_label",
    "default_text",
    "lp",
    "perm",
}
CONTACT_ATTRIBUTES = {"context", "type", "index", "fav", "mod"}
CONTACT_ELEMENTS = frozenset(
    """
    name first_name last_name number number_type title organization email note group
    photo
    """.split()  # noqa: SIM905
)
OTHER_SECTIONS = frozenset({"dialplan", "ReplacementPlan", "firmware-settings"})
Setting = tuple[str, int]  # name and identity; identity 0: the whole phone's


class Key(NamedTuple):
    """A function key: what stands beside it, what it does, and with what."""

    label: str
    type: str
    argument: str


class Contact(NamedTuple):
    """An entry of the phone's own directory."""

    name: str
    number: str


@dataclass
class Settings:
    """What one settings file says."""

    values: dict[Setting, str] = field(default_factory=dict)
    keys: dict[int, Key] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    all_contacts: bool = False  # the directory is to hold these and no others
    certificates: list[str] = field(default_factory=list)  # URLs
    uploads: dict[str, str] = field(default_factory=dict)  # URLs by type


def parse_settings(text: bytes) -> Settings:
    """Read a settings file; BadSettings if anything in it is not as snom wants it."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - from the lab's own server
    except (ET.ParseError, ValueError, LookupError) as problem:
        raise BadSettings(f"not XML: {problem}") from problem
    if root.tag != "settings":
        raise BadSettings(f"root is <{root.tag}>, not <settings>")
    found = Settings()
    for section in root:
        if section.tag == "phone-settings":
            _require_escapes(section)
            _add_settings(section, found.values)
        elif section.tag in ("functionKeys", "function-keys"):
            _require_escapes(section)
            for node in section:
                _add_key(node, found.keys)
        elif section.tag in ("tbook", "phone-book"):
            _add_contacts(section, found)
        elif section.tag == "certificates":
            found.certificates += [_url(n, "certificate", {"url"}) for n in section]
        elif section.tag == "uploads":
            for node in section:
                url = _url(node, "file", {"url", "type"})
                found.uploads[node.get("type", "")] = url
        elif section.tag not in OTHER_SECTIONS:
            raise BadSettings(f"unknown section <{section.tag}>")
    return found


def key_action(text: str, where: str) -> tuple[str, str]:
    """What a key does, and with what; BadSettings if snom knows no such thing."""
    kind, _, argument = text.strip().partition(" ")
    if kind not in KEY_TYPES:
        raise BadSettings(f"{where} has unknown type {kind!r}")
    if kind in NEED_ARGUMENT and not argument.strip():
        raise BadSettings(f"{where}: {kind} needs an argument")
    return kind, argument.strip()


def trusted_hosts(text: str) -> list[str]:
    """The hosts in mb_trusted_hosts: bare names and addresses; raises BadSettings."""
    hosts = text.split()
    for host in hosts:
        if not (re.fullmatch(r"[\w.-]+", host) or _is_address(host)):
            raise BadSettings(f"mb_trusted_hosts has {host!r}, which is no bare host")
    return hosts


def _require_escapes(section: ET.Element) -> None:
    if section.attrib != {"e": "2"}:
        raise BadSettings(f'<{section.tag}> has {section.attrib}, not e="2"')


def _add_settings(section: ET.Element, values: dict[Setting, str]) -> None:
    for at, node in enumerate(section):
        if node.tag == "auto_reboot_on_setting_change" and at:
            raise BadSettings(f"{node.tag} works at the top of the file only")
        _add_setting(node, values)


def _add_setting(node: ET.Element, values: dict[Setting, str]) -> None:
    name, index = node.tag, 0
    if name == "context_key":
        index = _number(node, CONTEXT_KEYS)
    elif name in IDENTITY_SETTINGS and not (
        name in PHONE_SETTINGS and "idx" not in node.attrib
    ):
        index = _number(node, IDENTITIES)
    elif name not in PHONE_SETTINGS | SOFT_KEYS:
        raise BadSettings(f"unknown setting {name}")
    indexed = index or name == "context_key"
    _check(node, {"perm", "idx"} if indexed else {"perm"})
    if (name, index) in values:
        raise BadSettings(f"{name} idx={index} is there twice")
    value = (node.text or "").strip()
    _check_perm(name, node.get("perm", ""))
    _check_value(name, value)
    values[name, index] = value


def _check_perm(name: str, perm: str) -> None:
    if name in SECRETS and perm == ONCE:
        raise BadSettings(f"{name} is a credential; with perm '!' it may stay as it is")
    if name == "admin_mode" and perm not in WRITABLE:
        raise BadSettings(f"admin_mode with perm {perm!r}: nobody can enter that mode")


def _check_value(name: str, value: str) -> None:
    if name in VALUES and value not in VALUES[name]:
        raise BadSettings(f"{name} is {value!r}, not one of {sorted(VALUES[name])}")
    if name in NUMBERS and not (value.isascii() and value.isdigit()):
        raise BadSettings(f"{name} is {value!r}, not a number")
    if name == "mb_trusted_hosts":
        trusted_hosts(value)
    if value and ACTION_KEYS.match(name):
        key_action(value, name)
    is_url = name.startswith("action_") or name == "setting_server"
    if value and is_url and not value.startswith(("http://", "https://")):
        raise BadSettings(f"{name} is no http or https URL")


def _add_key(node: ET.Element, keys: dict[int, Key]) -> None:
    if node.tag != "fkey":
        raise BadSettings(f"unknown key <{node.tag}>")
    index = _number(node, KEY_SLOTS)
    _check(node, KEY_ATTRIBUTES)
    if index in keys:
        raise BadSettings(f"fkey idx={index} is there twice")
    context = node.get("context", "")
    if context != "active" and context not in map(str, IDENTITIES):
        raise BadSettings(f"fkey idx={index} has context {context!r}")
    kind, argument = key_action(node.text or "", f"fkey idx={index}")
    keys[index] = Key(node.get("label", ""), kind, argument)


def _add_contacts(section: ET.Element, found: Settings) -> None:
    _only(section, {"complete", "e", "version"})
    found.all_contacts = section.get("complete") == "true"
    for node in section:
        if node.tag != "item":
            raise BadSettings(f"<{node.tag}> in <{section.tag}>")
        _only(node, CONTACT_ATTRIBUTES)
        said = {child.tag: (child.text or "").strip() for child in node}
        if unknown := said.keys() - CONTACT_ELEMENTS:
            raise BadSettings(f"a contact with unknown elements {sorted(unknown)}")
        names = said.get("first_name", ""), said.get("last_name", "")
        name = said.get("name") or " ".join(filter(None, names))
        if not name or not said.get("number"):
            raise BadSettings("a contact without name or number")
        found.contacts.append(Contact(name, said["number"]))


def _url(node: ET.Element, tag: str, attributes: Collection[str]) -> str:
    """The URL that an element of a list names; it must have all the attributes."""
    if node.tag != tag or set(node.attrib) != set(attributes):
        raise BadSettings(f"<{node.tag}> with {sorted(node.attrib)}, not <{tag}>")
    url = node.get("url", "")
    if not url.startswith(("http://", "https://")):
        raise BadSettings(f"<{tag}> has no http or https URL")
    return url


def _number(node: ET.Element, allowed: range) -> int:
    text = node.get("idx", "")
    if text not in map(str, allowed):
        raise BadSettings(f"{node.tag} has idx {text!r}, out of range")
    return int(text)


def _check(node: ET.Element, attributes: set[str]) -> None:
    _only(node, attributes)
    if node.get("perm") not in PERMS:
        raise BadSettings(f"{node.tag} has perm {node.get('perm')!r}")
    if len(node):
        raise BadSettings(f"{node.tag} has elements inside")


def _only(node: ET.Element, attributes: Collection[str]) -> None:
    if unknown := set(node.attrib) - set(attributes):
        raise BadSettings(f"{node.tag} has unknown attributes {sorted(unknown)}")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
