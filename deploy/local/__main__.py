"""What the Makefile calls: `python -m deploy.local infra | up | down | status | logs | clean | start NAME | stop NAME`."""

import argparse
import sys

from deploy.local import platform
from deploy.local.checkout import Failure


def main() -> int:
    """Run one command; a Failure is one sentence on stderr and exit status 1."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("infra", "up", "down", "status", "clean"):
        commands.add_parser(name)
    for name in ("start", "stop"):
        commands.add_parser(name).add_argument("name")
    commands.add_parser("logs").add_argument("name", nargs="?", default="")
    arguments = vars(parser.parse_args())
    command = getattr(platform, arguments.pop("command"))
    try:
        return int(command(**arguments) or 0)
    except Failure as failure:
        print(f"kedja: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
