"""The configuration file of a Yealink, read strictly."""

import re
from typing import NamedTuple

from tests.lab.settings import BadSettings

__all__ = ["BadSettings", "LineKey", "line_keys", "parse_config"]

# Sources: Yealink's administrator's guides ("Description of Configuration Parameters in
# CFG Files"), and the templates of Wazo (wazo_yealink v86) and Tancredi (yealink.tmpl).
FIRST_LINE = "#!version:1.0.0.1"
CLEARED = "%NULL%"
ACCOUNTS, LINE_KEYS = range(1, 17), range(1, 28)  # T54W: 16 accounts, 27 keys
MODULES, MODULE_KEYS = range(1, 4), range(1, 61)
ACCOUNT_KEYS = frozenset(
    """
    alert_info_url_enable always_fwd.enable always_fwd.target auth_name auto_answer
    blf.subscribe_period busy_fwd.enable busy_fwd.target cid_source direct_pickup_code
    display_mwi.enable display_name dnd.enable dtmf.info_type dtmf.type enable label
    nat.udp_update_enable outbound_proxy.1.address outbound_proxy.1.port
    outbound_proxy_enable password ringtone.ring_type sip_server.1.address
    sip_server.1.expires sip_server.1.port sip_server.1.transport_type
    sip_server.2.address sip_server.2.port sip_server.2.transport_type
    srtp_encryption subscribe_mwi subscribe_mwi_to_vm timeout_fwd.enable
    timeout_fwd.target user_name
    """.split()  # noqa: SIM905 - one name a line would hide the rest of the module
)
CODEC_KEY = re.compile(
    r"codec\.(pcm[au]|g722|g723_[56]3|g726_(16|24|32|40)|g729|ilbc|opus)"
    r"\.(enable|priority)"
)
KEY_PARTS = frozenset({"type", "line", "value", "label", "extension", "shortlabel"})
OTHER_KEYS = frozenset(
    """
    action_url.dnd_off action_url.dnd_on action_url.register_failed
    action_url.registered action_url.setup_autop_finish action_url.setup_completed
    action_url.unregistered
    call_waiting.enable features.action_uri_limit_ip features.config_dsskey_length
    features.dnd.allow features.dnd.enable features.fwd.allow
    features.show_action_uri_option features.text_message.enable
    features.xml_browser.loading_tip.delay
    features.xml_browser.pwd features.xml_browser.user_name forward.always.enable
    forward.always.target forward.busy.enable forward.busy.target
    forward.no_answer.enable forward.no_answer.target lang.gui lang.wui
    local_time.date_format local_time.ntp_server1 local_time.ntp_server2
    local_time.summer_time local_time.time_format local_time.time_zone
    local_time.time_zone_name phone_setting.emergency.number
    phone_setting.logon_wizard phone_setting.phone_lock.enable push_xml.block_in_calling
    push_xml.password push_xml.server push_xml.sip_notify push_xml.username
    security.trust_certificates sip.mac_in_ua sip.notify_reboot_enable sip.trust_ctrl
    static.auto_provision.custom.protect static.auto_provision.dhcp_option.enable
    static.auto_provision.pnp_enable
    static.auto_provision.power_on static.auto_provision.prompt.enable
    static.auto_provision.repeat.enable static.auto_provision.repeat.minutes
    static.auto_provision.server.password static.auto_provision.server.url
    static.auto_provision.server.username static.auto_provision.user_agent_mac.enable
    static.firmware.url static.network.vlan.internet_port_enable
    static.network.vlan.internet_port_priority static.network.vlan.internet_port_vid
    static.network.vlan.pc_port_enable static.network.vlan.pc_port_vid
    static.security.ca_cert static.security.cn_validation static.security.dev_cert
    static.security.trust_certificates static.security.user_name.admin
    static.security.user_name.user static.security.user_name.var
    static.security.user_password static.trusted_certificates.url
    static.wui.http_enable static.wui.https_enable static.zero_touch.enable
    voice.tone.country voice_mail.number.1
    """.split()  # noqa: SIM905
)
SEVERAL = frozenset({"static.security.user_password"})  # one line for each web user
TYPES = {
    "0": "none",
    "1": "conference",
    "2": "forward",
    "3": "transfer",
    "4": "hold",
    "5": "dnd",
    "9": "pickup",
    "10": "park",
    "11": "dtmf",
    "12": "voicemail",
    "13": "speed",
    "14": "intercom",
    "15": "line",
    "16": "blf",
    "17": "url",
    "23": "group pickup",
    "27": "xml",
    "34": "hotdesking",
    "61": "directory",
}
NEED_VALUE = frozenset({"dtmf", "speed", "blf", "url", "xml"})
QUOTED = re.compile("\".*\"|'.*'")
SWITCH = re.compile(r".*[._]enable$")
VALUES = {
    "sip.notify_reboot_enable": {"0", "1", "2"},
    "push_xml.sip_notify": {"0", "1"},
    "nat.udp_update_enable": {"0", "1", "2", "3"},
    "sip.trust_ctrl": {"0", "1"},
    "sip_server.1.transport_type": {"0", "1", "2", "3"},
    "srtp_encryption": {"0", "1", "2"},
    "type": set(TYPES),
}


class LineKey(NamedTuple):
    """A key beside the display: its label, what it does, and with what."""

    label: str
    type: str
    value: str = ""
    pickup: str = ""  # dialled before the value of a BLF key that rings


def parse_config(text: bytes) -> dict[str, str]:
    """Read a file; BadSettings if a Yealink would not take everything in it.

    An empty text stands for the factory setting.
    """
    try:
        first, *lines = text.decode().splitlines() or [""]
    except UnicodeDecodeError as problem:
        raise BadSettings(f"not UTF-8: {problem}") from problem
    if first != FIRST_LINE:
        raise BadSettings(f"first line is {first!r}, not {FIRST_LINE!r}")
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 2):
        if not line.strip() or line.startswith("#"):
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            raise BadSettings(f"line {number} is no `key = value`")
        if key in found and key not in SEVERAL:
            raise BadSettings(f"{key} is there twice")
        value = "" if value == CLEARED else value
        _require_known(key)
        _check_value(key, value)
        found[key] = value
    line_keys(found)
    return found


def line_keys(values: dict[str, str]) -> dict[int, LineKey]:
    """The keys that have a type, counted from 1; raises BadSettings."""
    keys = {}
    for number in LINE_KEYS:
        mine = {part: values.get(f"linekey.{number}.{part}", "") for part in KEY_PARTS}
        if not mine["type"]:
            continue
        kind = TYPES[mine["type"]]
        if kind in NEED_VALUE and not mine["value"]:
            raise BadSettings(f"linekey.{number}: {kind} needs a value")
        label = mine["label"]
        keys[number] = LineKey(label, kind, mine["value"], mine["extension"])
    return keys


def _require_known(key: str) -> None:
    parts = key.split(".")
    match parts:
        case ["account", number, *rest] if _is_in(number, ACCOUNTS):
            name = ".".join(rest)
            known = name in ACCOUNT_KEYS or bool(CODEC_KEY.fullmatch(name))
        case ["linekey" | "programablekey", number, part] if _is_in(number, LINE_KEYS):
            known = part in KEY_PARTS
        case ["expansion_module", module, "key", number, part]:
            places = _is_in(module, MODULES) and _is_in(number, MODULE_KEYS)
            known = places and part in KEY_PARTS
        case _:
            known = key in OTHER_KEYS
    if not known:
        raise BadSettings(f"unknown key {key}")


def _check_value(key: str, value: str) -> None:
    if QUOTED.fullmatch(value) and not key.endswith(("label", "display_name")):
        raise BadSettings(f"{key} is in quotes, which a Yealink keeps")
    last = re.sub(r"^(account|linekey|programablekey)\.\d+\.", "", key)
    allowed = VALUES.get(last) or ({"0", "1"} if SWITCH.match(key) else set())
    if value and allowed and value not in allowed:
        raise BadSettings(f"{key} is {value!r}, not one of {sorted(allowed)}")


def _is_in(text: str, numbers: range) -> bool:
    return text in map(str, numbers)
