"""`python -m tests.chassis.extra run things`: the tests' own service as a process, as `kedja run` does it."""

import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
import eventlet  # noqa: E402

eventlet.monkey_patch()

import tests.chassis.extra  # noqa: E402, F401  makes services.things importable
from chassis import config, runner, topology  # noqa: E402


def main() -> None:
    """Run the service until it is told to stop."""
    topology.FILE = Path(config.environment("things")["THINGS_TOPOLOGY"])
    from services.things.service import ThingsService  # noqa: PLC0415  importable since a moment ago

    try:
        runner.run(ThingsService)
    except config.ConfigError as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
