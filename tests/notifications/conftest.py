"""What the tests of notifications start from."""

from __future__ import annotations

from uuid import uuid4

import pytest

from services.notifications import usecases
from tests import backbone
from tests.notifications.mailserver import MailServer, free_port
from tests.notifications.outgoing import TABLES
from tests.notifications.steps import NOW, category, contact, supplier


@pytest.fixture
def acme(tx):
    """A supplier that has arrived, its contact, and its category."""
    supplier_id, anna = uuid4(), contact()
    usecases.project_categories(tx, [category()], NOW)
    usecases.project_suppliers(tx, [supplier(supplier_id, anna)], NOW)
    return supplier_id, anna["contact_id"]


@pytest.fixture
def emptied(db):
    """The service's database with nothing in it: a sender claims whatever is due."""
    with db.transaction() as tx:
        backbone.empty(tx, *TABLES)
    return db


@pytest.fixture
def server():
    with MailServer(free_port()) as running:
        yield running
