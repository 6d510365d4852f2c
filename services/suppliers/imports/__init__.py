"""What can be imported in bulk: suppliers, their contacts, their contracts."""

from chassis.imports import ImportKind
from services.suppliers.imports import usecases
from services.suppliers.imports.schemas import ContactRow, ContractRow, SupplierRow

_OF_AN_EXPORT = {"version", "status", "registered_at", "contacts", "sites", "contracts"}

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
        frozenset({"contract_id"}),
    ),
)
