"""`make bench`: what hot desking costs, as ratios to a floor measured in the same run.

python -m tests.bench            all of it
python -m tests.bench login      one part: login, pbx, scale, provisioning, check,
                                 ami or web
"""

from __future__ import annotations

import asyncio
import sys

from tests.bench import ami, check, login, pbx, provisioning, scale, web

PARTS = {
    "login": login.main,
    "pbx": pbx.main,
    "scale": scale.main,
    "provisioning": provisioning.main,
    "check": check.main,
    "ami": ami.main,
    "web": web.main,
}


def main() -> int:
    """Run the parts that are named, or all; return the exit code."""
    chosen = sys.argv[1:] or list(PARTS)
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        print(f"there is no {unknown[0]}; there are {', '.join(PARTS)}")
        return 2
    for name in chosen:
        asyncio.run(PARTS[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main())
