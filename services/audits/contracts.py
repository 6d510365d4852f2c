"""Cases that no contract is left of, or that have one again: what is planned of them is decided anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.audits import merging, usecases
from services.audits.domain.policy import PLANNED
from services.audits.repository import contracts
from services.audits.usecases import AT_A_TIME, Cause

if TYPE_CHECKING:
    from datetime import datetime

    from chassis.db import Begin


def follow_up(begin: Begin, confirm_after: int, now: datetime) -> bool:
    """Look at the decisions of suppliers that were told of: other cases may have contracts than before.

    By what is stored: it does not matter which event came first, or how often. Tells whether there may be
    more.
    """
    with begin() as tx:
        merging.share(tx)
        changed = contracts.claim_unchecked(tx, AT_A_TIME)
        again = contracts.otherwise_decided(tx, changed, PLANNED) if changed else {}
        causes = {key: Cause(caused) for key, caused in again.items()}
        usecases.decide_cases(tx, causes, confirm_after, now)
    return len(changed) == AT_A_TIME
