"""The laboratory's command: up, down, service, run, phone.

python -m tests.lab up --dir DIR        start everything in the background
python -m tests.lab down --dir DIR      end it
python -m tests.lab service --dir DIR   start the service again after a kill -9
python -m tests.lab run --dir DIR       start everything, tell a login, stay up
python -m tests.lab phone HD0001 dial '*77*100*' --pin 123456
python -m tests.lab phone HD0001 show
python -m tests.lab phone HD0001 press 1
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from tests.lab.desks import order
from tests.lab.lab import Lab, LabError
from tests.lab.packages import AsteriskMissingError
from tests.lab.pbx import PbxError
from tests.lab.story import tell

DEFAULT_DIRECTORY = Path(".lab")


def main() -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args()
    lab = Lab(options.dir.resolve())
    try:
        match options.command:
            case "up":
                lab.up()
                print(f"The laboratory is up: {lab.directory / 'lab.json'}")
            case "down":
                lab.down()
            case "service":
                print(f"The service runs as process {lab.start_service()}")
            case "run":
                asyncio.run(tell(lab))
            case "phone":
                _drive(lab, options)
        sys.stdout.flush()
    except (LabError, PbxError, AsteriskMissingError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read what we print has seen enough, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _drive(lab: Lab, options: argparse.Namespace) -> None:
    if not lab.is_up:
        raise LabError(f"there is no laboratory in {lab.directory}; start it with: up")
    names = [device["name"] for device in lab.facts["devices"]]
    names += [phone["extension"] for phone in lab.facts["fixed_phones"]] + ["trunk"]
    if options.name not in names:
        raise LabError(f"there is no {options.name}; there are {', '.join(names)}")
    asyncio.run(
        order(
            lab,
            print,
            name=options.name,
            action=options.action,
            argument=options.argument,
            pin=options.pin,
        )
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("up", "down", "service", "run", "phone"):
        command = commands.add_parser(name)
        command.add_argument(
            "--dir", type=Path, default=DEFAULT_DIRECTORY, help="default: .lab"
        )
        if name == "phone":
            command.add_argument("name", help="HD0001 … HD0005, 200, 201 or trunk")
            command.add_argument("action", choices=("show", "dial", "call", "press"))
            command.add_argument("argument", nargs="?", default="1")
            command.add_argument("--pin", default="", help="pressed when a voice asks")
    return parser


if __name__ == "__main__":
    sys.exit(main())
