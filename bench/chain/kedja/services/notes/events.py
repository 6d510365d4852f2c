"""What this service reads."""

from bench.chain import business


class AuditPlanned(business.chosen().Audit):
    """What somebody is told."""

    type = "audit_planned"
