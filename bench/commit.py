"""Which commit was measured."""

from __future__ import annotations

import subprocess

from deploy.local.checkout import ROOT


def commit() -> str:
    """Return the short name of the checkout's commit, with + if there is more than that."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False)
    return (head.stdout.strip() or "unknown") + ("+" if changed.stdout.strip() else "")
