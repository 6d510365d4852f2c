"""HTTP in and out, and what the environment must hold."""

from chassis import config
from services.suppliers.schemas.common import SLUG
from services.suppliers.schemas.country_and_category import (
    CategoryList,
    CategoryView,
    CountryValues,
    DatasetList,
    DatasetView,
    NewCategory,
)
from services.suppliers.schemas.registry import (
    ContactView,
    ContractView,
    NewSupplier,
    SupplierPage,
    SupplierQuery,
    SupplierView,
)
from services.suppliers.schemas.risk import HistoryQuery, RiskView, ScorePage

__all__ = [
    "SLUG",
    "CategoryList",
    "CategoryView",
    "ContactView",
    "ContractView",
    "CountryValues",
    "DatasetList",
    "DatasetView",
    "HistoryQuery",
    "NewCategory",
    "NewSupplier",
    "RiskView",
    "ScorePage",
    "Settings",
    "SupplierPage",
    "SupplierQuery",
    "SupplierView",
]


class Settings(config.Settings):
    """Nothing beside what every service needs."""
