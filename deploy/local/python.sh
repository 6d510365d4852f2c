#!/bin/sh
# Runs a Python 3.11 or newer with these arguments: $KEDJA_PYTHON, python3, or the newest that has a name of its own.
# Each is tried, since a name on the PATH may be a shim for a version that isn't there.
for python in ${KEDJA_PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then exec "$python" "$@"; fi
done
echo "kedja: Python 3.11 or newer is missing: type \`sudo apt-get install python3\` (Debian 12, Ubuntu 24.04 or newer), or set KEDJA_PYTHON." >&2
exit 1
