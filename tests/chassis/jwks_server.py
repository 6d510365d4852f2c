"""A provider's signing keys, and the address where it publishes them: a real HTTP server that can go away."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.harness import free_port
from tests.tokens import AUDIENCE, ISSUER

_WRITERS: dict[str, Any] = {
    "RS256": RSAAlgorithm,
    "PS256": RSAAlgorithm,
    "ES256": ECAlgorithm,
    "EdDSA": OKPAlgorithm,
}


def generated(algorithm: str) -> Any:
    """Return a new private key for an algorithm."""
    if algorithm in ("RS256", "PS256"):
        return rsa.generate_private_key(65537, 2048)
    return (
        ec.generate_private_key(ec.SECP256R1())
        if algorithm == "ES256"
        else ed25519.Ed25519PrivateKey.generate()
    )


class Signer:
    """A key pair of the provider's; `kid` None leaves the tokens and the JWK without one."""

    def __init__(self, algorithm: str = "ES256", kid: str | None = "one") -> None:
        self.algorithm, self.kid, self.private = algorithm, kid, generated(algorithm)

    def jwk(self, **more: Any) -> dict[str, Any]:
        """Return the public half as the provider publishes it."""
        named = {"kid": self.kid} if self.kid else {}
        public = _WRITERS[self.algorithm].to_jwk(self.private.public_key(), as_dict=True)
        return {**public, **named, "use": "sig", **more}

    def token(self, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """Return a token with good claims, changed by `claims`; None leaves a claim out."""
        now = int(time.time())
        good = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 300, "sub": "somebody"}
        told = good | {"role": "region", "region": "01", "scope": "suppliers:read"} | claims
        kept = {name: value for name, value in told.items() if value is not None}
        named = {"kid": self.kid} if self.kid else {}
        return jwt.encode(kept, self.private, self.algorithm, headers={**named, **(headers or {})})


class JwksServer:
    """Answers every GET with `document`; counts them; can be stopped and started, and made slow."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.body = b""
        self.status, self.location, self.asked = 200, "", 0
        self.answering = threading.Event()  # cleared: it takes connections and says nothing
        self.answering.set()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/jwks"
        self.publish(*keys)
        self.start()

    def publish(self, *keys: dict[str, Any]) -> None:
        """Publish these keys from now on."""
        self.body = json.dumps({"keys": keys}).encode()

    def start(self) -> None:
        """Serve."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        """Be away: connections are refused."""
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                provider.answering.wait(20)
                self.send_response(provider.status)
                if provider.location:
                    self.send_header("Location", provider.location)
                self.send_header("Content-Length", str(len(provider.body)))
                self.end_headers()
                self.wfile.write(provider.body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
