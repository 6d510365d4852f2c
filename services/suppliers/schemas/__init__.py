"""HTTP in and out, and what the environment must hold."""

from marshmallow import fields, validate

from chassis import config
from services.suppliers.schemas import (
    figures,
    follow_ups,
    leverage,
    page,
    rule_sets,
    waves,
    whatif,
)
from services.suppliers.schemas.categories import (
    Analysis,
    AnalysisQuery,
    AnalysisVersion,
    CategoryPath,
    CategoryQuery,
    CategoryState,
    CategoryView,
    NewCategory,
    NewPriority,
    PriorityQuery,
    PriorityView,
)
from services.suppliers.schemas.common import SLUG
from services.suppliers.schemas.contracts import Contract, ContractView, ToldContract
from services.suppliers.schemas.countries import (
    SHEET_EXAMPLE,
    CountryQuery,
    CountryRow,
    CountryValues,
    CountryView,
    DatasetQuery,
    DatasetView,
)
from services.suppliers.schemas.cpv import CpvFound, CpvQuery, CpvView
from services.suppliers.schemas.duplicates import (
    DUPLICATE_STATES,
    DuplicateConfirmation,
    DuplicateQuery,
    DuplicateView,
    Merge,
    Rejection,
    WholeRecord,
    recorded,
)
from services.suppliers.schemas.finding import Lookup, LookupView, SupplierQuery
from services.suppliers.schemas.registry import (
    ContactView,
    NewSupplier,
    OwnNumberRemoval,
    Status,
    SupplierChange,
    SupplierView,
)
from services.suppliers.schemas.risk import HistoryQuery, PastScore, RiskView
from services.suppliers.schemas.sites import Removal, Site, SiteChange, SiteView

__all__ = [
    "DUPLICATE_STATES",
    "SHEET_EXAMPLE",
    "SLUG",
    "Analysis",
    "AnalysisQuery",
    "AnalysisVersion",
    "CategoryPath",
    "CategoryQuery",
    "CategoryState",
    "CategoryView",
    "ContactView",
    "Contract",
    "ContractView",
    "CountryQuery",
    "CountryRow",
    "CountryValues",
    "CountryView",
    "CpvFound",
    "CpvQuery",
    "CpvView",
    "DatasetQuery",
    "DatasetView",
    "DuplicateConfirmation",
    "DuplicateQuery",
    "DuplicateView",
    "HistoryQuery",
    "Lookup",
    "LookupView",
    "Merge",
    "NewCategory",
    "NewPriority",
    "NewSupplier",
    "OwnNumberRemoval",
    "PastScore",
    "PriorityQuery",
    "PriorityView",
    "Rejection",
    "Removal",
    "RiskView",
    "Settings",
    "Site",
    "SiteChange",
    "SiteView",
    "Status",
    "SupplierChange",
    "SupplierQuery",
    "SupplierView",
    "ToldContract",
    "WholeRecord",
    "figures",
    "follow_ups",
    "leverage",
    "page",
    "recorded",
    "rule_sets",
    "waves",
    "whatif",
]


class Settings(config.Settings):
    """TRIAL_DAYS: for how long it is kept which cases a trial of a rule set would bring into another band."""

    TRIAL_DAYS = fields.Integer(load_default=90, validate=validate.Range(1, 3650))
