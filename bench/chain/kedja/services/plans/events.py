"""What this service reads and tells."""

from bench.chain import business

_chosen = business.chosen()


class ScoreChanged(_chosen.Score):
    """What an audit follows from."""

    type = "score_changed"


class AuditPlanned(_chosen.AuditTold):
    """[audit] An audit is planned."""

    type = "audit_planned"
