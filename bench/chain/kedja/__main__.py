"""`python -m bench.chain.kedja run <service>`: one of these services, as `kedja run` does it."""

import os
import sys
import warnings
from importlib import import_module
from pathlib import Path

warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
import eventlet  # noqa: E402

eventlet.monkey_patch()

import bench.chain.kedja  # noqa: E402, F401  makes the services importable
from chassis import config, runner, topology  # noqa: E402


def main() -> None:
    """Run the service until it is told to stop."""
    name = sys.argv[2]
    environment = config.environment(name)
    topology.FILE, os.environ["BENCH_BUSINESS"] = (
        Path(environment["BENCH_TOPOLOGY"]),
        environment["BENCH_BUSINESS"],
    )
    try:
        runner.run(import_module(f"services.{name}.service").Service)
    except config.ConfigError as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
