"""Lines for the person at the terminal: progress on stdout, trouble on stderr."""

import sys


def say(*lines: str) -> None:
    """Print progress or an answer."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def warn(*lines: str) -> None:
    """Print what went wrong."""
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.stderr.flush()
