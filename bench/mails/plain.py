"""The other side: smtplib, one kept connection, ready messages: `python -m bench.mails.plain PORT FILE`.

Prints the seconds that all mails took together, and the processor's time of them.
"""

from __future__ import annotations

import smtplib
import sys
import time
from pathlib import Path

from bench.mails import sink


def main() -> None:
    """Send everything."""
    port, file = int(sys.argv[1]), Path(sys.argv[2])
    mails = sink.kept(file)
    began, cpu = time.perf_counter(), time.process_time()
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        for sender, recipient, text in mails:
            smtp.sendmail(sender, [recipient], text)
    sys.stdout.write(f"{time.perf_counter() - began} {time.process_time() - cpu}\n")


if __name__ == "__main__":
    main()
