"""The edge as tests run it: the nginx of deploy/nginx, and a stand-in service that tells what reached it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from deploy.local.checkout import ROOT
from deploy.local.packages import nginx
from deploy.local.ports import answers
from tests.backbone import wait_until
from tests.harness import free_port

if TYPE_CHECKING:
    from pathlib import Path

NGINX = ROOT / "deploy" / "nginx"


class _Echo(BaseHTTPRequestHandler):
    """Answers with what it received; `/…/fails` refuses as a service does, `/…/hangs-up` gives no answer."""

    protocol_version = "HTTP/1.1"
    server: Echo

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        sent = self._body()
        told = {"service": self.server.name, "method": self.command, "path": self.path, "bytes": len(sent)}
        self.server.seen.append(told)
        if self.path.endswith("/hangs-up"):
            self.close_connection = True
            return
        # incompressible enough to be worth a gzip, and small enough for one buffer
        body = json.dumps({**told, "headers": list(self.headers.items()), "padding": "x" * 2000}).encode()
        self.send_response(404 if self.path.endswith("/fails") else 200)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("X-Correlation-ID", self.headers["X-Correlation-ID"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815  http.server's names

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while length := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(length))
            self.server.arriving.set()
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)


class Echo(ThreadingHTTPServer):
    """A stand-in for one service, on a free port of loopback."""

    daemon_threads = True
    headers = {  # noqa: RUF012  never changed
        "Content-Type": "application/json",
        "ETag": '"7-internal"',
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=1",
    }

    def __init__(self, name: str, port: int = 0) -> None:
        """Answer under this service's name."""
        super().__init__(("127.0.0.1", port), _Echo)
        self.name, self.port = name, self.server_address[1]
        self.seen: list[dict[str, Any]] = []
        self.arriving = threading.Event()  # set as soon as a part of a chunked body is here
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        self.shutdown()
        self.server_close()


class Edge:
    """nginx with the files of deploy/nginx; only addresses and paths are the test's own."""

    def __init__(self, folder: Path, services: dict[str, int], servers: str = "servers.conf") -> None:
        """Start it before the given services (name -> port on loopback)."""
        self.folder, self.port, self.tls_port = folder, free_port(), free_port()
        self.url, self.tls_url = f"http://127.0.0.1:{self.port}", f"https://127.0.0.1:{self.tls_port}"
        shutil.copytree(NGINX, folder / "nginx")
        shutil.copy(NGINX / servers, folder / "nginx" / "servers.conf")
        upstreams = "".join(f"{name} 127.0.0.1:{port}; " for name, port in services.items())
        where = f"map $service $upstream {{ {upstreams}}} map $scheme $proto {{ default $scheme; }}"
        (folder / "nginx" / "where.conf").write_text(where, encoding="utf-8")
        for file in (folder / "nginx").glob("*.conf"):
            self._make_own(file)
        if os.geteuid() == 0:  # else its workers become `nobody`, who may not enter this folder
            main = folder / "nginx" / "nginx.conf"
            main.write_text("user root;\n" + main.read_text(encoding="utf-8"), encoding="utf-8")
        self._log = (folder / "log").open("ab")
        self.process = self._start()

    def _make_own(self, file: Path) -> None:
        own = {
            "/tmp/": f"{self.folder}/",  # noqa: S108  what the file says
            "/dev/stdout": f"{self.folder}/log",
            "/etc/kedja-tls": str(self.folder),
            "listen 8080": f"listen 127.0.0.1:{self.port}",
            "listen 8443": f"listen 127.0.0.1:{self.tls_port}",
        }
        text = file.read_text(encoding="utf-8")
        for theirs, ours in own.items():
            text = text.replace(theirs, ours)
        file.write_text(text, encoding="utf-8")

    def _start(self) -> subprocess.Popen[bytes]:
        program = nginx()
        assert program, "nginx is not installed: type `make nginx` (Debian's nginx-light)"
        command = [program, "-e", "stderr", "-p", str(self.folder / "nginx"), "-c", "nginx.conf"]
        process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        wait_until(lambda: process.poll() is not None or answers(self.port))
        assert process.poll() is None, self.log()
        return process

    def log(self) -> str:
        """Return everything that nginx wrote."""
        return (self.folder / "log").read_text(encoding="utf-8")

    def accesses(self, **chosen: str) -> list[dict[str, str]]:
        """Return the access log's lines with these values."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if chosen.items() <= line.items()]

    def stop(self) -> None:
        """Stop, and see that it stopped by itself."""
        self.process.terminate()
        assert self.process.wait(timeout=10) == 0
        self._log.close()


def raw(edge: Edge, request: bytes) -> tuple[int, dict[str, Any]]:
    """Send bytes as they are; return the status and the JSON of the answer."""
    with socket.create_connection(("127.0.0.1", edge.port), timeout=30) as client:
        client.sendall(request)
        answer = HTTPResponse(client)
        answer.begin()
        return answer.status, json.loads(answer.read())
