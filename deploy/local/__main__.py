"""What the Makefile calls: `python -m deploy.local infra | up | down | status | logs | clean | …`."""

import argparse
import sys

from deploy.local import commands, status
from deploy.local.checkout import SetupError
from deploy.local.console import warn


def main() -> int:
    """Run one command; a SetupError is one sentence on stderr and exit status 1."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local")
    known = parser.add_subparsers(required=True)
    for command in (commands.infra, commands.up, commands.down, commands.clean):
        known.add_parser(command.__name__, help=command.__doc__).set_defaults(run=command)
    known.add_parser("status", help=status.print_table.__doc__).set_defaults(run=status.print_table)
    for one in (commands.start, commands.stop, commands.logs):
        of_one = known.add_parser(one.__name__, help=one.__doc__)
        of_one.add_argument("name", nargs="?" if one is commands.logs else None, default="")
        of_one.set_defaults(run=one)
    arguments = vars(parser.parse_args())
    run = arguments.pop("run")
    try:
        return int(run(**arguments) or 0)
    except SetupError as failure:
        warn(f"kedja: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
