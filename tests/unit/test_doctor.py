"""Each fault of a grown PBX is found, by its code, and a sound PBX has none."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from asterisk_hotdesk.doctor import Finding, Severity
from asterisk_hotdesk.doctor.facts import LiveContext, Records
from tests.unit.grown_pbx import (
    ALL_IS_WELL,
    LEAST_RIGHTS,
    GrownPbx,
    device,
    user,
)

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


@pytest.fixture
def pbx(tmp_path: Path) -> GrownPbx:
    """Return a PBX that ails nothing."""
    return GrownPbx(tmp_path / "asterisk")


def the_only(pbx: GrownPbx) -> Finding:
    """Return what the doctor finds, which is one thing."""
    (finding,) = pbx.findings()
    return finding


def codes(pbx: GrownPbx) -> list[tuple[str, Severity]]:
    """Return code and severity of everything that is found."""
    return [(finding.code, finding.severity) for finding in pbx.findings()]


def test_a_sound_pbx(pbx: GrownPbx) -> None:
    assert pbx.findings() == []


def test_nobody_has_been_added_yet(pbx: GrownPbx) -> None:
    pbx.users, pbx.devices = (), ()
    assert pbx.findings() == []


FILE_FAULTS = [
    (
        "dial-code-shadowed",
        WARNING,
        "extensions.conf",
        "[outside]",
        "exten => _*7X.,1,NoOp()\n[outside]",
    ),
    ("live-dangerously", WARNING, "asterisk.conf", "= no", "= Yes"),
    ("log-shows-pins", ERROR, "logger.conf", "notice", "dtmf,notice"),
    ("log-shows-pins", ERROR, "logger.conf", "notice,warning,error", "[json]*"),
    ("ami-public", ERROR, "manager.conf", "bindaddr=127.0.0.1\n", ""),
    ("ami-event-right-missing", ERROR, "manager.conf", "read=system,call", "read=call"),
    ("ari-public", NOTE, "http.conf", "127.0.0.1", "192.0.2.1"),
    ("sorcery-mapping-missing", ERROR, "sorcery.conf", "astdb,hotdesk_", "astdb,"),
    ("sorcery-config-missing", ERROR, "sorcery.conf", "endpoint=config,", ";"),
    ("sorcery-section-ignored", ERROR, "sorcery.conf", "[res", "[res_pjsip]\n[res"),
    (
        "sorcery-two-writers",
        WARNING,
        "sorcery.conf",
        "]\n",
        "]\nendpoint=realtime,ps_endpoints\n",
    ),
    ("endpoint-name-taken", ERROR, "pjsip.conf", "[201]", "[HD0001]"),
    ("include-missing", ERROR, "pjsip.conf", "#try", ";#try"),
    ("include-missing", ERROR, "extensions.conf", "#try", ";#try"),
    (
        "users-not-included",
        WARNING,
        "extensions.conf",
        "include => hotdesk-users\n",
        "",
    ),
    (
        "lamps-not-included",
        WARNING,
        "pjsip.conf",
        "[200](phone)",
        "[200](phone)\nsubscribe_context=outside",
    ),
    (
        "phones-cannot-call-users",
        NOTE,
        "pjsip.conf",
        "[200](phone)",
        "[200](phone)\ncontext=outside",
    ),
    (
        "context-name-taken",
        ERROR,
        "extensions.conf",
        "[outside]",
        "[hotdesk-idle]\n[outside]",
    ),
    (
        "user-extension-shadowed",
        ERROR,
        "extensions.conf",
        "[internal]",
        "[internal]\nexten => 100,1,Dial(PJSIP/100)",
    ),
    ("user-extension-shadowed", ERROR, "extensions.conf", "_2XX,1", "_[12]XX,1"),
    ("emergency-context-missing", ERROR, "extensions.conf", "[outside]", "[outbound]"),
    (
        "emergency-number-unmatched",
        ERROR,
        "extensions.conf",
        "exten => 112",
        "exten => 113",
    ),
    ("emergency-by-catch-all", NOTE, "extensions.conf", "exten => 112", "exten => _X."),
    (
        "emergency-number-unknown",
        WARNING,
        "extensions.conf",
        "exten => 112",
        "switch => Realtime/@\nexten => 113",
    ),
    (
        "callback-not-included",
        WARNING,
        "extensions.conf",
        "include => hotdesk-emergency-callback\n",
        "",
    ),
    (
        "callback-shadowed",
        WARNING,
        "extensions.conf",
        "include => own-numbers\n[own-numbers]\n",
        "",
    ),
    ("file-broken", ERROR, "http.conf", "[general]", "#include gone.conf\n[general]"),
    ("file-not-followed", NOTE, "http.conf", "[general]", "[general]\n#exec date"),
]


@pytest.mark.parametrize(
    ("code", "severity", "name", "old", "new"),
    FILE_FAULTS,
    ids=[f"{fault[0]}-{n}" for n, fault in enumerate(FILE_FAULTS)],
)
def test_a_fault_in_a_file(
    pbx: GrownPbx, code: str, severity: Severity, name: str, old: str, new: str
) -> None:
    pbx.change(name, old, new)
    assert (code, severity) in codes(pbx)


def test_what_shadows_is_named_by_file_and_line(pbx: GrownPbx) -> None:
    """3CX says "forbidden" where another dial code begins with *7."""
    pbx.change("extensions.conf", "[globals]", "#include own.conf\n[globals]")
    pbx.add("own.conf", "[internal]\n; ours\nexten => _*7.,1,NoOp()\n")
    shadowed, takes_over = pbx.findings()
    assert shadowed.code == "dial-code-shadowed"
    assert shadowed.what.startswith(f"{pbx.folder / 'own.conf'}:3: _*7. in [internal]")
    assert "answers *77 before" in shadowed.what
    assert takes_over.code == "dial-code-takes-over"


def test_a_code_that_only_looks_alike_is_no_conflict(pbx: GrownPbx) -> None:
    pbx.add(
        "extensions.conf", "[internal](+)\nexten => *7,1,NoOp\nexten => *78,1,NoOp\n"
    )
    assert pbx.findings() == []


def test_what_comes_after_our_codes_does_not_shadow_them(pbx: GrownPbx) -> None:
    pbx.add("extensions.conf", "[outside](+)\nexten => *77,1,NoOp()\n")
    finding = the_only(pbx)
    assert finding.code == "dial-code-takes-over"
    assert finding.severity is WARNING


def test_the_code_that_logs_others_out_is_one_of_ours(pbx: GrownPbx) -> None:
    pbx.add("extensions.conf", "[outside](+)\nexten => *77*6*100*,1,NoOp()\n")
    finding = the_only(pbx)
    assert finding.code == "dial-code-takes-over"
    assert "*77*6*100*" in finding.what


def test_a_catch_all_loses_nothing_that_anybody_dials(pbx: GrownPbx) -> None:
    pbx.add("extensions.conf", "[outside](+)\nexten => _.,1,Hangup()\n")
    assert codes(pbx) == [("dial-code-takes-over", NOTE)]


def test_a_pattern_in_a_template_of_includes(pbx: GrownPbx) -> None:
    """What a context inherits, includes, and gets from variables counts as well."""
    pbx.change("extensions.conf", "[globals]", "[globals]\nREC=*77")
    pbx.change(
        "extensions.conf", "[internal]", "[t](!)\ninclude => apps\n[internal](t)"
    )
    pbx.add("extensions.conf", "[apps]\nexten => ${REC},1,Record()\n")
    found = [code for code, _ in codes(pbx)]
    assert found == ["dial-code-shadowed", "dial-code-takes-over"]


def test_a_dialplan_in_another_language(pbx: GrownPbx) -> None:
    """AEL and Lua are seen in the dialplan that runs."""
    live = LiveContext({"_*7X": "pbx_lua"})
    pbx.ami = replace(LEAST_RIGHTS, contexts={"internal": live})
    finding = pbx.findings()[0]
    assert finding.code == "dial-code-shadowed"
    assert "pbx_lua" in finding.what


def test_freepbx(pbx: GrownPbx) -> None:
    """Its `*77` records announcements; its files are written by a program."""
    for name in ("additional", "custom"):
        include = f"#include extensions_{name}.conf\n[globals]"
        pbx.change("extensions.conf", "[globals]", include)
    pbx.add(
        "extensions_additional.conf",
        "[from-internal]\ninclude => from-internal-custom\n"
        "include => from-internal-additional\n"
        "[from-internal-additional]\ninclude => app-recordings\n"
        "[app-recordings]\nexten => *77,1,Goto(record,1)\n",
    )
    pbx.add(
        "extensions_custom.conf",
        "[from-internal-custom]\ninclude => hotdesk-users\ninclude => hotdesk-codes\n",
    )
    pbx.users = [user("100", context="from-internal")]
    finding = the_only(pbx)
    assert finding.code == "dial-code-takes-over"
    assert f"{pbx.folder / 'extensions_additional.conf'}:7: " in finding.what


def test_commands_were_run_as_root(pbx: GrownPbx) -> None:
    for name in ("state", "asterisk/hotdesk.d"):
        (pbx.folder.parent / name).mkdir()
    assert pbx.findings() == []
    os.chown(pbx.folder / "hotdesk.d", 4711, 4711)
    assert codes(pbx) == [("state-owner-differs", WARNING)]


def test_pickup_with_one_of_our_codes(pbx: GrownPbx) -> None:
    pbx.change("features.conf", "*8", "*77")
    assert codes(pbx) == [("dial-code-shadowed", WARNING)]


def test_a_call_back_that_the_pbx_answers_itself(pbx: GrownPbx) -> None:
    """An include comes after all that its context has itself, wherever it stands."""
    pbx.change("extensions.conf", "include => own-numbers\n[own-numbers]\n", "")
    finding = the_only(pbx)
    assert "_4930X. in [from-provider] answers 4930555 before" in finding.what
    assert "let [from-provider] include that after" in finding.remedy


def test_a_pbx_that_nobody_can_call_back(pbx: GrownPbx) -> None:
    pbx.change("extensions.conf", "include => hotdesk-emergency-callback\n", "")
    assert codes(pbx) == [("callback-not-included", WARNING)]
    pbx.devices = [device(emergency_number="")]
    assert codes(pbx) == [("device-without-emergency-number", WARNING)]


def test_many_users_behind_one_pattern(pbx: GrownPbx) -> None:
    pbx.users = [user(f"{n}") for n in range(300, 400)]
    pbx.change("extensions.conf", "_2XX,1", "_3XX,1")
    finding = the_only(pbx)
    assert "300, 301, 302, 303, 304 and 95 more" in finding.what


def test_a_user_with_an_emergency_number(pbx: GrownPbx) -> None:
    pbx.users = [user("110")]
    assert ("user-extension-is-a-code", ERROR) in codes(pbx)


def test_a_prefix_without_a_star_takes_extensions(pbx: GrownPbx) -> None:
    pbx.settings = {"codes": {"prefix": "10", "login": "PREFIXEXT", "logout": "109"}}
    assert ("user-extension-is-a-code", ERROR) in codes(pbx)


def test_a_context_of_users_that_there_is_not(pbx: GrownPbx) -> None:
    pbx.users = [user("100", context="gone")]
    assert ("user-context-missing", ERROR) in codes(pbx)


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("18.26.4", "asterisk-too-old"),
        ("20.20.0", "asterisk-insecure"),
        ("21.12.0", "asterisk-insecure"),
        ("22.10.0", "asterisk-insecure"),
        ("23.4.0", "asterisk-insecure"),
        ("certified-22.8-cert1", "asterisk-version-unknown"),
        ("GIT-22-1234567", "asterisk-version-unknown"),
    ],
)
def test_an_old_asterisk(pbx: GrownPbx, version: str, code: str) -> None:
    pbx.ari = replace(ALL_IS_WELL, version=version)
    assert the_only(pbx).code == code


@pytest.mark.parametrize(
    "version", ["20.20.1", "22.10.1+dfsg", "22.11.0", "23.4.1", "24.0.0"]
)
def test_a_recent_asterisk(pbx: GrownPbx, version: str) -> None:
    pbx.ari = replace(ALL_IS_WELL, version=version)
    assert pbx.findings() == []


def test_a_module_that_does_not_run(pbx: GrownPbx) -> None:
    modules = ALL_IS_WELL.modules - {"res_sorcery_astdb"}
    pbx.ari = replace(ALL_IS_WELL, modules=modules)
    finding = the_only(pbx)
    assert (finding.code, finding.severity) == ("module-missing", ERROR)
    assert "res_sorcery_astdb" in finding.what


def test_why_pjsip_notify_does_not_run(pbx: GrownPbx) -> None:
    (pbx.folder / "pjsip_notify.conf").unlink()
    modules = ALL_IS_WELL.modules - {"res_pjsip_notify"}
    pbx.ari = replace(ALL_IS_WELL, modules=modules)
    assert "pjsip_notify.conf" in the_only(pbx).remedy


def test_an_ari_user_that_may_only_read(pbx: GrownPbx) -> None:
    pbx.ari = replace(ALL_IS_WELL, may_write=False)
    assert codes(pbx) == [("ari-read-only", ERROR)]


def test_a_right_that_we_lack(pbx: GrownPbx) -> None:
    actions = LEAST_RIGHTS.actions - {"devicestatelist", "showdialplan"}
    pbx.ami = replace(LEAST_RIGHTS, actions=actions)
    finding = the_only(pbx)
    assert finding.code == "ami-right-missing"
    assert "the right reporting" in finding.what


def test_a_context_that_we_ask_is_the_pbxs_own(pbx: GrownPbx) -> None:
    hook = "[hotdesk-custom-logged-out]\nexten => 100,1,Hangup()\n"
    path = pbx.folder / "extensions.conf"
    path.write_text(path.read_text() + hook)
    assert codes(pbx) == []


def test_queues_need_another_right_and_module(pbx: GrownPbx) -> None:
    pbx.users = [user("100", queue_interface="Local/100@internal/n")]
    assert set(codes(pbx)) == {
        ("ami-queue-right-missing", WARNING),
        ("module-missing", ERROR),
    }
    pbx.ami = replace(LEAST_RIGHTS, actions=LEAST_RIGHTS.actions | {"queuepause"})
    pbx.ari = replace(ALL_IS_WELL, modules=ALL_IS_WELL.modules | {"app_queue"})
    assert codes(pbx) == []


def test_a_right_that_we_do_not_need(pbx: GrownPbx) -> None:
    pbx.ami = replace(LEAST_RIGHTS, actions=LEAST_RIGHTS.actions | {"originate"})
    assert codes(pbx) == [("ami-too-many-rights", WARNING)]


def test_a_sound_that_is_missing(pbx: GrownPbx) -> None:
    pbx.ari = replace(ALL_IS_WELL, sounds={"agent-pass": None})
    finding = the_only(pbx)
    assert finding.code == "prompt-missing"
    assert "ask_pin" in finding.what


def test_a_sound_that_is_not_translated(pbx: GrownPbx) -> None:
    pbx.devices = [device(language="de_CH")]
    assert codes(pbx) == [("prompt-not-translated", NOTE)]


def test_a_log_that_was_changed_while_asterisk_runs(pbx: GrownPbx) -> None:
    pbx.ari = replace(ALL_IS_WELL, log_levels={"console": ["notice", "dtmf"]})
    assert codes(pbx) == [("log-shows-pins", ERROR)]


def test_sorcery_was_changed_after_the_start(pbx: GrownPbx) -> None:
    pbx.ari = replace(ALL_IS_WELL, started_at=datetime.now(UTC) - timedelta(hours=1))
    assert codes(pbx) == [("asterisk-restart-needed", WARNING)]


def test_an_endpoint_that_asterisk_lacks(pbx: GrownPbx) -> None:
    pbx.devices = [device(), device("HD0002")]
    finding = the_only(pbx)
    assert finding.code == "endpoint-missing"
    assert "HD0002" in finding.what


def test_a_dialplan_that_was_not_read(pbx: GrownPbx) -> None:
    pbx.ami = replace(LEAST_RIGHTS, contexts={"hotdesk-codes": None})
    assert codes(pbx) == [("dialplan-not-loaded", ERROR)]


def test_a_hint_that_is_missing(pbx: GrownPbx) -> None:
    pbx.ami = replace(LEAST_RIGHTS, hints={"default/100": ""})
    assert codes(pbx) == [("hint-missing", WARNING)]


def test_devices_and_users_that_lack_something(pbx: GrownPbx) -> None:
    pbx.devices = [device(location="", emergency_number="")]
    pbx.users = [user("100", pin_hash=None)]
    assert codes(pbx) == [
        ("device-without-location", WARNING),
        ("device-without-emergency-number", WARNING),
        ("user-without-pin", NOTE),
    ]


def test_short_pins(pbx: GrownPbx) -> None:
    pbx.settings = {"pins": {"length": 4}}
    assert codes(pbx) == [("pin-short", WARNING)]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:8081", "provisioning-url-is-local"),
        ("http://localhost:8081", "provisioning-url-is-local"),
        ("http://192.0.2.1:8081", "provisioning-not-encrypted"),
    ],
)
def test_an_unwise_url(pbx: GrownPbx, url: str, code: str) -> None:
    pbx.settings = {"provisioning": {"base_url": url}}
    assert codes(pbx) == [(code, WARNING)]


def test_a_local_url_where_all_phones_are_local(pbx: GrownPbx) -> None:
    pbx.settings = {"provisioning": {"base_url": "http://127.0.0.1:8081"}}
    pbx.change("pjsip.conf", "0.0.0.0:5060", "127.0.0.1:5060")
    assert pbx.findings() == []


def test_a_url_that_does_not_answer(pbx: GrownPbx) -> None:
    pbx.seen = {"provisioning_problem": "no answer within 3 seconds"}
    assert codes(pbx) == [("provisioning-unreachable", ERROR)]


def test_a_service_that_does_not_run(pbx: GrownPbx) -> None:
    """One cause, one finding: of course nothing answers then."""
    stopped = Records(devices=(device(),), users=(), daemon_is_running=False)
    pbx.seen = {"records": stopped, "provisioning_problem": "no connection"}
    assert codes(pbx) == [("daemon-not-running", ERROR)]


@pytest.mark.parametrize("name", ["ari.conf", "hotdesk.d/pjsip_hotdesk.conf"])
def test_a_secret_that_everybody_can_read(pbx: GrownPbx, name: str) -> None:
    # As in /etc/asterisk: the way there is open too.
    path = pbx.folder / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    for folder in (pbx.folder, path.parent, *pbx.folder.parents[:-2]):
        folder.chmod(0o755)
    path.chmod(0o644)
    findings = [f for f in pbx.findings() if str(path) in f.what]
    assert [finding.code for finding in findings] == ["secret-readable"]
    path.chmod(0o640)
    assert not [f for f in pbx.findings() if str(path) in f.what]


def test_no_files_at_all(pbx: GrownPbx) -> None:
    for path in pbx.folder.iterdir():
        path.unlink()
    assert ("files-not-found", WARNING) in codes(pbx)


@pytest.mark.parametrize("name", ["extensions.conf", "sorcery.conf", "pjsip.conf"])
def test_a_file_that_cannot_be_read_is_said_once(pbx: GrownPbx, name: str) -> None:
    (pbx.folder / name).unlink()
    os.mkdir(pbx.folder / name)
    assert codes(pbx) == [("file-unreadable", WARNING)]


def test_nothing_but_files_can_be_seen(pbx: GrownPbx) -> None:
    pbx.ari, pbx.ami = None, None
    pbx.seen = {"records": None}
    assert pbx.findings() == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"[x\nexten\n=\n[](\nexten => ,\nexten =>\nsame => n\n",
        b"[loop]\ninclude => loop\ninclude => a\n[a]\ninclude => loop\n",
        b"[p]\nexten => _[1-,1,X\nexten => _,1,X\nexten => _[9-1],1,X\n",
        bytes(range(256)) * 4,
    ],
)
@pytest.mark.parametrize("name", ["extensions.conf", "pjsip.conf", "logger.conf"])
def test_broken_files_break_nothing(pbx: GrownPbx, name: str, garbage: bytes) -> None:
    with (pbx.folder / name).open("ab") as file:
        file.write(garbage)
    for finding in pbx.findings():
        assert finding.what
        assert finding.remedy
