"""Where the `kedja` command begins: a service's process is made green before anything is imported."""

import os
import sys
import warnings


def main() -> None:
    """Run the command line."""
    # nameko stands on eventlet, which says at every import that it is in maintenance mode: we know
    warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
    # eventlet's own resolver keeps failed look-ups: a broker that was away would stay away for minutes.
    # And importing it takes half a second.
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    if sys.argv[1:2] == ["run"]:
        import eventlet  # noqa: PLC0415

        eventlet.monkey_patch()
    from chassis import cli  # noqa: PLC0415  after the patch, which must come first

    cli.main()


if __name__ == "__main__":
    main()
