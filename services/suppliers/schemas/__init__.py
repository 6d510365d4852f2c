"""HTTP in and out, and what the environment must hold."""

from chassis import config
from services.suppliers.schemas.common import SLUG
from services.suppliers.schemas.country_and_category import (
    CategoryQuery,
    CategoryState,
    CategoryView,
    CountryValues,
    DatasetQuery,
    DatasetView,
    NewCategory,
)
from services.suppliers.schemas.registry import (
    ContactView,
    ContractView,
    Lookup,
    LookupView,
    NewSupplier,
    SupplierChange,
    SupplierQuery,
    SupplierView,
)
from services.suppliers.schemas.risk import HistoryQuery, PastScore, RiskView

__all__ = [
    "SLUG",
    "CategoryQuery",
    "CategoryState",
    "CategoryView",
    "ContactView",
    "ContractView",
    "CountryValues",
    "DatasetQuery",
    "DatasetView",
    "HistoryQuery",
    "Lookup",
    "LookupView",
    "NewCategory",
    "NewSupplier",
    "PastScore",
    "RiskView",
    "Settings",
    "SupplierChange",
    "SupplierQuery",
    "SupplierView",
]


class Settings(config.Settings):
    """Nothing beside what every service needs."""
