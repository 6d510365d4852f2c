"""Rule sets of the risk score, and the rescorings of many cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from chassis.errors import Conflict
from chassis.http import listing
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.http import Call

_RULE_SET = "/rule-sets/<name>"
_WAVE = "/rescorings/<uuid:wave_id>"


class RuleSets:
    """Rule sets of the risk score, and the rescorings of many cases."""

    @http("GET", "/rule-sets", scope="risk:read", returns=schemas.rule_sets.RuleSetList)
    def list_rule_sets(self, tx: Transaction, call: Call) -> Any:
        """List the rule sets, and which is in force."""
        return usecases.rule_sets.list_rule_sets(tx)

    @http("GET", _RULE_SET, scope="risk:read", returns=schemas.rule_sets.RuleSetView)
    def get_rule_set(self, tx: Transaction, call: Call, name: str) -> Any:
        """Read a rule set: every weight, threshold and floor."""
        return usecases.rule_sets.get_rule_set(tx, name)

    @http(
        "POST",
        _RULE_SET,
        scope="rule-sets:write",
        body=schemas.rule_sets.NewRuleSet,
        returns=schemas.rule_sets.RuleSetView,
        creates=True,
        status=201,
        location="/rule-sets/{name}",
        raises=(Conflict,),
    )
    def post_rule_set(self, tx: Transaction, call: Call, name: str) -> Any:
        """Bring in a rule set under a new name; it decides nothing until it is tried and switched on."""
        return usecases.rule_sets.add_rule_set(tx, name, call.body, call.actor, call.now)

    @http(
        "POST",
        f"{_RULE_SET}/trials",
        scope="rule-sets:write",
        returns=schemas.waves.WaveView,
        creates=True,
        status=202,
        location="/rescorings/{wave_id}",
    )
    def post_trial(self, tx: Transaction, call: Call, name: str) -> Any:
        """Try a rule set on all cases: who would change band, and why."""
        return usecases.rule_sets.try_rule_set(tx, name, call.now)

    @http(
        "POST",
        f"{_RULE_SET}/activations",
        scope="rule-sets:write",
        body=schemas.rule_sets.NewActivation,
        returns=schemas.waves.WaveView,
        creates=True,
        status=202,
        location="/rescorings/{wave_id}",
        raises=(Conflict,),
    )
    def post_activation(self, tx: Transaction, call: Call, name: str) -> Any:
        """Switch a rule set on that was tried; all cases are scored by it."""
        return usecases.rule_sets.activate(tx, name, call.body["reason"], call.actor, call.now)

    @http(
        "GET",
        "/rule-sets/activations",
        scope="risk:read",
        query=schemas.rule_sets.ActivationQuery,
        returns=listing(schemas.rule_sets.ActivationView),
    )
    def list_activations(self, tx: Transaction, call: Call) -> Any:
        """List which rule set was switched on when, by whom and why."""
        return usecases.rule_sets.list_activations(tx, call.query)

    @http(
        "GET",
        "/rescorings",
        scope="risk:read",
        query=schemas.waves.WaveQuery,
        returns=listing(schemas.waves.WaveView),
    )
    def list_waves(self, tx: Transaction, call: Call) -> Any:
        """List the rescorings of many cases: what led to them, and how far they are."""
        return usecases.waves.list_waves(tx, call.query, call.actor)

    @http("GET", _WAVE, scope="risk:read", returns=schemas.waves.WaveView)
    def get_wave(self, tx: Transaction, call: Call, wave_id: UUID) -> Any:
        """Read how far a rescoring or a trial is, and how many cases went from which band to which."""
        return usecases.waves.show_wave(tx, wave_id, call.actor)

    @http(
        "POST",
        f"{_WAVE}/repetitions",
        scope="rule-sets:write",
        returns=schemas.waves.WaveView,
        creates=True,
        status=202,
        location="/rescorings/{wave_id}",
        raises=(Conflict,),
    )
    def post_repetition(self, tx: Transaction, call: Call, wave_id: UUID) -> Any:
        """Begin a rescoring or a trial anew that could not be worked off, once what hindered it is mended."""
        return usecases.waves.repeat(tx, wave_id, call.now)

    @http(
        "GET",
        f"{_WAVE}/changes",
        scope="rule-sets:read",
        query=schemas.waves.TrialQuery,
        returns=listing(schemas.waves.TrialChange),
    )
    def list_trial_changes(self, tx: Transaction, call: Call, wave_id: UUID) -> Any:
        """List the cases that a trial would bring into another band, and which terms make the difference.

        They are kept for some time only; then this is 404, and the trial says since when.
        """
        return usecases.waves.list_trial_changes(tx, wave_id, call.query)
