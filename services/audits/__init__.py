"""Audits: the policy that decides from a new risk, the plan, and the audits themselves."""
