"""What can be imported in bulk: suppliers, their contacts, their contracts, their sites."""

from chassis.imports import ImportKind
from services.suppliers.imports import usecases
from services.suppliers.imports.schemas import ContactRow, ContractRow, SiteRow, SupplierRow

_OF_AN_EXPORT = {
    "version",
    "status",
    "status_reason",
    "status_since",
    "registered_at",
    "shown",
    "categories",
    "countries",
    "contacts",
    "sites",
    "contracts",
    "imported",
    "merged_ids",
}

KINDS = (
    ImportKind(
        "suppliers",
        SupplierRow,
        usecases.import_suppliers,
        "Suppliers, matched by an identifier, by the region's own number, or by their id.",
        frozenset(_OF_AN_EXPORT),
    ),
    ImportKind(
        "contacts",
        ContactRow,
        usecases.import_contacts,
        "Contact persons of suppliers that are registered, matched by e-mail address.",
        frozenset({"contact_id"}),
    ),
    ImportKind(
        "contracts",
        ContractRow,
        usecases.import_contracts,
        "Contracts of suppliers that are registered, matched by their reference.",
        frozenset({"contract_id", "version"}),
    ),
    ImportKind(
        "sites",
        SiteRow,
        usecases.import_sites,
        "Production sites of suppliers that are registered, matched by their name and country.",
        frozenset({"site_id", "version"}),
    ),
)
