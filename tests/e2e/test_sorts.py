"""Every list of the registers can be sorted, and takes each of its orders."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.documents import ENDPOINTS

LISTS = ("/notices", "/recipients", "/cases", "/auditors", "/audits", "/categories", "/country-indices")
ORDERS = [
    (service, path, f"{sign}{name}")
    for endpoint in ENDPOINTS.values()
    if endpoint.pages and endpoint.item
    for service, path in [endpoint.route.removeprefix("/api/v1/").split("/", 1)]
    for name in endpoint.pages.sorts
    for sign in ("", "-")
    if "{" not in path
]


def test_every_list_of_the_registers_has_an_order_of_its_users():
    assert {f"/{path}" for _, path, _ in ORDERS} >= set(LISTS)


@pytest.mark.parametrize(("service", "path", "sort"), ORDERS)
def test_a_list_takes_each_of_its_orders(platform: Any, service: str, path: str, sort: str):
    page = platform.get(service, f"/{path}?sort={sort}&limit=2")
    assert len(page["items"]) <= 2
