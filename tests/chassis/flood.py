"""`python -m tests.chassis.flood host:port connections`: asks as fast as it is answered, on many connections.

A process of its own, so that it takes no time from whoever measures. Ends on SIGTERM; prints a JSON object:
how many answers there were of each status.
"""

from __future__ import annotations

import json
import re
import selectors
import signal
import socket
import sys
from collections import Counter, defaultdict

# Where an answer begins; it may come in many pieces.
_ANSWER, _HEAD_BYTES = re.compile(rb"HTTP/1\.1 (\d{3})"), 12


def main() -> None:
    """Flood until told to stop. The request comes on standard input."""
    address, connections = sys.argv[1], int(sys.argv[2])
    host, _, port = address.rpartition(":")
    request = sys.stdin.buffer.read()
    seen: Counter[str] = Counter()
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    ends: defaultdict[socket.socket, bytes] = defaultdict(bytes)
    ready = selectors.DefaultSelector()
    for _ in range(connections):
        sock = socket.create_connection((host, int(port)))
        sock.sendall(request)
        ready.register(sock, selectors.EVENT_READ)
    while running:
        for key, _ in ready.select(0.1):
            sock = key.fileobj
            try:
                data = sock.recv(65_536)
                if not data:
                    raise ConnectionResetError
                for status in _ANSWER.findall(ends[sock] + data):
                    seen[status.decode()] += 1
                    sock.sendall(request)
                ends[sock] = data[-_HEAD_BYTES + 1 :]
            except OSError:
                seen["reset"] += 1
                ready.unregister(sock)
                sock.close()
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main()
