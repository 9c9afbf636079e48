"""The settings file of a snom, read strictly."""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import NamedTuple

# The names are those of the templates of Wazo (wazo-provd-plugins), FusionPBX (D785)
# and Tancredi (snom.tmpl), and of snom's wiki (service.snom.com: "<phone-settings>",
# "<functionKeys>", "Permission Flags").
IDENTITY_SETTINGS = frozenset(
    """
    blf_directed_call_pickup blf_park_pick_up codec_priority_list dnd_mode
    fwd_all_enabled fwd_all_target fwd_busy_enabled fwd_busy_target
    fwd_time_enabled fwd_time_target keepalive_interval
    hide_identity retry_after_failed_subscribe user_active user_auth_tag user_custom
    user_dtmf_info user_expiry user_failover_identity user_hash user_host user_ice
    user_idle_number user_idle_text user_mailbox user_name user_outbound user_pass
    user_pname user_realname user_ringer user_savp user_server_type
    user_sipusername_as_line user_srtp user_symmetrical_rtp
    """.split()  # noqa: SIM905 - one name a line would hide the rest of the module
)
PHONE_SETTINGS = frozenset(
    """
    action_connected_url action_disconnected_url action_dnd_off_url action_dnd_on_url
    action_incoming_url action_log_off_url action_log_on_url action_outgoing_url
    action_reg_failed action_setup_url admin_mode admin_mode_password
    admin_mode_password_confirm auto_reboot_on_setting_change block_url_dialing
    call_completion call_waiting challenge_checksync challenge_reboot
    challenge_response checksync_action codec_tos date_us_format dhcp dim_timer
    display_method dkey_directory dkey_dnd dkey_menu dkey_retrieve
    empty_tls_client_cert ethernet_replug filter_registrar firmware
    global_missed_counter guess_number http_client_hash http_client_pass
    http_client_save_credentials http_client_user http_pass http_port http_scheme
    http_user https_port idle_cancel_key_action idle_down_key_action
    idle_left_key_action idle_ok_key_action idle_right_key_action
    idle_up_key_action keyboard_lock_emergency language locale logon_wizard
    mac_info_in_sip_register mb_trusted_hosts mwi_dialtone mwi_notification
    network_id_port ntp_refresh_timer ntp_server phone_name pnp_config privacy_in
    privacy_out prov_polling_enabled prov_polling_mode prov_polling_period
    prov_polling_time prov_polling_time_rand_end provisioning_order
    setting_server settings_refresh_timer signaling_tos
    status_msgs_that_are_blocked timezone tone_scheme transfer_on_hangup
    update_filename update_policy update_server user_phone vlan_id vlan_qos
    web_language webserver_admin_name webserver_admin_password webserver_type
    webserver_user_name webserver_user_password xml_notify
    """.split()  # noqa: SIM905
)
SOFT_KEY = re.compile(r"gui_fkey[1-4]$")
IDENTITIES = range(1, 13)
KEY_SLOTS = range(220)  # the most that Wazo fills, three extension modules included
PERMS = frozenset({"R", "&", " ", "RW", "$", "", "!", "V", "RV", "RWV"})
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
OTHER_SECTIONS = frozenset(
    """
    tbook phone-book dialplan ReplacementPlan certificates uploads firmware-settings
    """.split()  # noqa: SIM905
)
Setting = tuple[str, int]  # name and identity; identity 0: the whole phone's


class BadSettings(Exception):
    """A settings file that a snom would not obey in full; names the culprit."""


class Key(NamedTuple):
    """A function key: what stands beside it, what it does, and with what."""

    label: str
    type: str
    argument: str


@dataclass(frozen=True)
class Settings:
    """What one settings file says."""

    values: dict[Setting, str]
    keys: dict[int, Key]


def parse_settings(text: bytes) -> Settings:
    """Read a settings file; BadSettings if anything in it is not as snom wants it."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - from the lab's own server
    except (ET.ParseError, ValueError, LookupError) as problem:
        raise BadSettings(f"not XML: {problem}") from problem
    if root.tag != "settings":
        raise BadSettings(f"root is <{root.tag}>, not <settings>")
    found = Settings({}, {})
    for section in root:
        if section.tag == "phone-settings":
            _require_escapes(section)
            for node in section:
                _add_setting(node, found.values)
        elif section.tag in ("functionKeys", "function-keys"):
            _require_escapes(section)
            for node in section:
                _add_key(node, found.keys)
        elif section.tag not in OTHER_SECTIONS:
            raise BadSettings(f"unknown section <{section.tag}>")
    return found


def _require_escapes(section: ET.Element) -> None:
    if section.attrib != {"e": "2"}:
        raise BadSettings(f'<{section.tag}> has {section.attrib}, not e="2"')


def _add_setting(node: ET.Element, values: dict[Setting, str]) -> None:
    name, index = node.tag, 0
    if name in IDENTITY_SETTINGS:
        index = _number(node, IDENTITIES)
    elif name not in PHONE_SETTINGS and not SOFT_KEY.match(name):
        raise BadSettings(f"unknown setting {name}")
    _check(node, {"perm", "idx"} if index else {"perm"})
    if (name, index) in values:
        raise BadSettings(f"{name} idx={index} is there twice")
    values[name, index] = (node.text or "").strip()


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
    kind, _, argument = (node.text or "").strip().partition(" ")
    if kind not in KEY_TYPES:
        raise BadSettings(f"fkey idx={index} has unknown type {kind!r}")
    if kind in NEED_ARGUMENT and not argument.strip():
        raise BadSettings(f"fkey idx={index}: {kind} needs an argument")
    keys[index] = Key(node.get("label", ""), kind, argument.strip())


def _number(node: ET.Element, allowed: range) -> int:
    text = node.get("idx", "")
    if text not in map(str, allowed):
        raise BadSettings(f"{node.tag} has idx {text!r}, out of range")
    return int(text)


def _check(node: ET.Element, attributes: set[str]) -> None:
    if unknown := set(node.attrib) - attributes:
        raise BadSettings(f"{node.tag} has unknown attributes {sorted(unknown)}")
    if node.get("perm") not in PERMS:
        raise BadSettings(f"{node.tag} has perm {node.get('perm')!r}")
    if len(node):
        raise BadSettings(f"{node.tag} has elements inside")
