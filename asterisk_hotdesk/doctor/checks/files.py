"""Could we follow the PBX's files, and will Asterisk?"""

from __future__ import annotations

from collections.abc import Iterator

from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, error, note, warning

_NEEDED = ("ari.conf", "manager.conf", "http.conf", "pjsip.conf", "extensions.conf")


def check(facts: Facts) -> Iterator[Finding]:
    """Yield what cannot be read, and what Asterisk cannot read either."""
    if not any(facts.files.conf(name).exists for name in _NEEDED):
        yield warning(
            "files-not-found",
            f"There are no configuration files of Asterisk in {facts.files.folder}, so"
            " none was looked at.",
            "Name their folder with --asterisk-dir, and run this where Asterisk runs.",
        )
        return
    if facts.files.strange_owner:
        yield warning(
            "state-owner-differs",
            f"{facts.files.strange_owner} does not belong to the user of"
            f" {facts.config.asterisk.generated_dir}: was a hotdesk command run as"
            " root? The service may not be able to read its own database.",
            "Stop the service, give the folder to its user with chown -R, and run"
            " hotdesk commands as that user.",
        )
    for conf in facts.files.confs.values():
        for problem in conf.problems:
            if "cannot be read" in problem.what:
                yield warning(
                    "file-unreadable",
                    f"{problem.what}; what is in it was not looked at.",
                    "Run this as root, or as the user that Asterisk runs as.",
                )
            elif problem.is_fatal:
                yield error(
                    "file-broken",
                    f"{problem.place}: {problem.what}. Asterisk refuses the whole"
                    f" {conf.path.name} for that.",
                    "Put it right before Asterisk reads the file again.",
                )
            else:
                yield note(
                    "file-not-followed",
                    f"{problem.place}: {problem.what}.",
                    "If it matters for hot desking, look at it yourself.",
                )
