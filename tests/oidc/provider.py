"""`oidc-provider` from npm as a process: installed once per lock file, changed by a file and a signal."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from jwt.algorithms import ECAlgorithm

from chassis import access
from tests.chassis.jwks_server import Signer
from tests.harness import free_port
from tests.tokens import AUDIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
_CACHE = HERE.parents[1] / ".run" / "oidc"


def installed() -> Path:
    """Return the folder with the locked packages; `npm ci` brings them if the lock is new."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = _CACHE / hashlib.sha256(lock).hexdigest()[:12]
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=110, check=False)
        assert done.returncode == 0, done.stderr
        (folder / "whole").touch()
    shutil.copy(HERE / "provider.js", folder)
    return folder


def signing_key(kid: str) -> dict[str, Any]:
    """Return a new private key as a JWK."""
    private: dict[str, Any] = ECAlgorithm.to_jwk(Signer("ES256").private, as_dict=True)
    return {**private, "kid": kid, "alg": "ES256", "use": "sig"}


def system(number: str, secret: str, **more: str) -> dict[str, str]:
    """Return a region's procurement system as it is registered: docs/identity.md says the same in words."""
    scope = " ".join(sorted(access.roles()["client"].scopes))
    return {
        "client_id": f"system-{number}",
        "client_secret": secret,
        "scope": scope,
        "role": "client",
        "region": number,
    } | more


class Provider:
    """The provider at `issuer`; `clients` and `keys` may be changed before `reload`."""

    def __init__(self, folder: Path) -> None:
        """Have nobody registered and one key to sign with; `start` starts it."""
        self.port, self._file = free_port(), folder / "state.json"
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.clients: dict[str, Mapping[str, str]] = {}
        self.keys, self.ttl = [signing_key("first")], 600

    @property
    def settings(self) -> dict[str, str]:
        """What a service is told, to take this provider's tokens."""
        discovered = requests.get(f"{self.issuer}/.well-known/openid-configuration", timeout=10).json()
        return {
            "TOKEN_ISSUER": discovered["issuer"],
            "TOKEN_AUDIENCE": AUDIENCE,
            "TOKEN_JWKS_URL": discovered["jwks_uri"],
        }

    def register(self, client: Mapping[str, str]) -> None:
        """Register a system, or change what is registered."""
        self.clients[client["client_id"]] = client

    def _write(self) -> None:
        state = {
            "port": self.port,
            "audience": AUDIENCE,
            "ttl": self.ttl,
            "scopes": sorted(access.access().scopes),
            "keys": self.keys,
            "clients": list(self.clients.values()),
        }
        self._file.write_text(json.dumps(state))

    def start(self) -> None:
        """Serve."""
        self._write()
        self._process = subprocess.Popen(
            ["node", "provider.js", str(self._file)],
            cwd=installed(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._await("serving")

    def reload(self) -> None:
        """Let it read what has changed."""
        self._write()
        self._process.send_signal(signal.SIGHUP)
        self._await("read again")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.communicate(timeout=10)

    def _await(self, word: str) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == word:
                return
        raise AssertionError(f"the provider has ended: {self._process.wait()}")

    def ask(self, client_id: str, secret: str, scope: str = "suppliers:read") -> requests.Response:
        """Ask for a token with client credentials, as a region's system does."""
        form = {"grant_type": "client_credentials", "scope": scope}
        return requests.post(f"{self.issuer}/token", form, auth=(client_id, secret), timeout=10)

    def token(self, client_id: str, secret: str, scope: str = "suppliers:read") -> str:
        """Return a token; fails if none is given."""
        answer = self.ask(client_id, secret, scope)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token
