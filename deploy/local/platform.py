"""The platform on this machine: up, down, and what stands between."""

from concurrent.futures import ThreadPoolExecutor

from deploy.local import servers, supervision
from deploy.local.checkout import exclusively
from deploy.local.servers import Servers


def infra() -> None:
    """Start RabbitMQ and PostgreSQL (unless given) and wait until they serve."""
    with exclusively():
        running = servers.start()
        _wait_for_both(running)
        running.admin.save()


def down() -> None:
    """Stop everything that this checkout started; the data stays."""
    with exclusively():
        supervision.shut_down()


def _wait_for_both(running: Servers) -> None:
    with ThreadPoolExecutor() as pool:
        for waited in (pool.submit(running.wait_for_database), pool.submit(running.wait_for_broker)):
            waited.result()
