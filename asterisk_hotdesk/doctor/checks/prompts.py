"""Has Asterisk the sounds of our prompts?"""

from __future__ import annotations

from collections.abc import Iterator

from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, note, some, warning


def check(facts: Facts) -> Iterator[Finding]:
    """Yield sounds that are missing, at all or in a language that people have."""
    if facts.ari is None:
        return
    for sound, languages in sorted(facts.ari.sounds.items()):
        if languages is None:
            prompts = [
                name
                for name, sounds in vars(facts.config.prompts).items()
                if sound in sounds
            ]
            yield warning(
                "prompt-missing",
                f"Asterisk has no sound {sound!r} (prompts: {some(prompts)}): callers"
                " hear a beep or nothing there.",
                "Install Asterisk's core sounds, or name another sound under [prompts]"
                " in hotdesk.toml.",
            )
    for language in sorted(_languages(facts)):
        missing = [
            sound
            for sound, languages in sorted(facts.ari.sounds.items())
            if languages is not None and language not in languages
        ]
        if missing:
            yield note(
                "prompt-not-translated",
                f"In the language {language!r} Asterisk lacks {len(missing)} of our"
                f" sounds ({some(missing)}): callers hear the English ones.",
                f"Install the sounds for {language!r}.",
            )


def _languages(facts: Facts) -> set[str]:
    """Return the languages in which Asterisk may have to speak."""
    named = {device.language for device in facts.devices}
    named |= {user.language for user in facts.users}
    used = {name or facts.config.provisioning.language for name in named}
    # Asterisk looks for `de` where there is no `de_CH`.
    return {name.partition("_")[0] for name in used} - {"en"}
