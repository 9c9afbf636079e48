"""What people dial."""

from __future__ import annotations

from typing import Annotated

from pydantic import model_validator

from asterisk_hotdesk.config.values import Table, like
from asterisk_hotdesk.model import LONGEST_EXTENSION

Code = Annotated[str, like(r"(PREFIX|[0-9*#])+", "made of PREFIX, digits, * and #")]

CodeOfExtension = Annotated[
    str,
    like(
        r"(PREFIX|[0-9*#])*EXT(PREFIX|[0-9*#])*",
        "made of PREFIX, digits, * and #, with EXT exactly once",
    ),
]


class CodesConfig(Table):
    """What people dial; PREFIX and EXT stand for the prefix and an extension."""

    prefix: Annotated[str, like(r"[0-9*#]+", "made of digits, * and #")] = "*77"
    ask: Code = "PREFIX"
    login: CodeOfExtension = "PREFIX*EXT*"
    logout: Code = "PREFIX*5*"
    force_logout: CodeOfExtension = "PREFIX*6*EXT*"
    """Logs somebody else out, for those who may; see `hotdesk user edit --help`."""
    voicemail: Code = "PREFIX*8*"
    change_pin: Code = "PREFIX*9*"
    menu: Code = "PREFIX*1*"
    """What is spoken and done without our service, by AGI(hotdesk-menu.agi)."""

    def ask_code(self) -> str:
        """Return the code after which we ask for the extension."""
        return self.ask.replace("PREFIX", self.prefix)

    def login_code(self, extension: str) -> str:
        """Return the code that logs the user of *extension* in."""
        return self.login.replace("PREFIX", self.prefix).replace("EXT", extension)

    def logout_code(self) -> str:
        """Return the code that logs whoever sits there out."""
        return self.logout.replace("PREFIX", self.prefix)

    def force_logout_code(self, extension: str) -> str:
        """Return the code that logs the user of *extension* out from elsewhere."""
        return self.force_logout.replace("PREFIX", self.prefix).replace(
            "EXT", extension
        )

    def voicemail_code(self) -> str:
        """Return the code that opens the mailbox of whoever sits there."""
        return self.voicemail.replace("PREFIX", self.prefix)

    def change_pin_code(self) -> str:
        """Return the code that lets people choose another PIN."""
        return self.change_pin.replace("PREFIX", self.prefix)

    def menu_code(self) -> str:
        """Return the code of the menu that needs no service of ours."""
        return self.menu.replace("PREFIX", self.prefix)

    @model_validator(mode="after")
    def _codes_differ(self) -> CodesConfig:
        codes = (
            self.ask_code(),
            self.login_code("EXT"),
            self.logout_code(),
            self.voicemail_code(),
            self.change_pin_code(),
            self.menu_code(),
        )
        if len(set(codes)) < len(codes):
            raise ValueError("should all be different codes")
        return self

    @model_validator(mode="after")
    def _force_logout_is_no_other_code(self) -> CodesConfig:
        lengths = range(1, LONGEST_EXTENSION + 1)
        others = [
            self.ask_code(),
            self.logout_code(),
            self.voicemail_code(),
            self.change_pin_code(),
            self.menu_code(),
            *(self.login_code("X" * length) for length in lengths),
        ]
        for length in lengths:
            code = self.force_logout_code("X" * length)
            if any(_can_be_the_same(code, other) for other in others):
                raise ValueError(
                    "should have a force_logout that no other code can be taken for"
                )
        return self


def _can_be_the_same(code: str, other: str) -> bool:
    """Return whether a number is both; `X` stands for any digit."""
    return len(code) == len(other) and all(
        one == two or ("X" in (one, two) and (one + two).replace("X", "").isdigit())
        for one, two in zip(code, other, strict=True)
    )
