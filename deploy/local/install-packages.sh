#!/bin/sh
# Installs Debian packages without starting or touching any system service. Run as root: install-packages.sh <package>...
# A temporary policy-rc.d that answers 101 ("don't") keeps package scripts from starting what they bring; the machine's own
# policy-rc.d, if any, is moved aside with owner and mode and comes back whatever happens, also after a run that was killed.
set -eu
policy=/usr/sbin/policy-rc.d
saved=$policy.before-kedja
ours='# kedja: temporary, removed when the installation ends'

restore() {
    if [ -e "$saved" ] || [ -L "$saved" ]; then
        mv -f "$saved" "$policy"
    elif [ -f "$policy" ] && grep -qxF "$ours" "$policy"; then
        rm -f "$policy"
    fi
}

exec 9>/run/lock/kedja-packages.lock
flock 9
restore # what a killed run left
trap restore EXIT
trap 'exit 130' HUP INT TERM
if [ -e "$policy" ] || [ -L "$policy" ]; then mv "$policy" "$saved"; fi
printf '#!/bin/sh\n%s\nexit 101\n' "$ours" >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" 9>&- </dev/null; }
apt update || echo "apt-get update failed; trying with the package lists that are here" >&2
apt install -y --no-install-recommends "$@"
