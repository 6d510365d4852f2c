"""Where the `kedja` command begins: a service's process is made green before anything is imported."""

import gc
import os
import sys
import warnings

# Libraries load these wherever they are installed, and do without where they are not: structlog rich, for
# tracebacks in colour, and kombu YAML, which no event is written in. They are 5 MB of each service's memory,
# and a tenth of its start.
_OF_NO_USE_IN_A_SERVICE = ("rich", "yaml")


def main() -> None:
    """Run the command line."""
    # nameko stands on eventlet, which says at every import that it is in maintenance mode: we know
    warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
    # eventlet's own resolver keeps failed look-ups: a broker that was away would stay away for minutes.
    # And importing it takes half a second.
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    if sys.argv[1:2] == ["run"]:
        for name in _OF_NO_USE_IN_A_SERVICE:
            sys.modules[name] = None  # type: ignore[assignment]  # Python's way to say that it is not there
        # What is imported stays: to look for garbage in it is an eighth of the start. The runner ends this.
        gc.disable()
        import eventlet  # noqa: PLC0415

        eventlet.monkey_patch()
    from chassis import cli  # noqa: PLC0415  after the patch, which must come first

    cli.main()


if __name__ == "__main__":
    main()
