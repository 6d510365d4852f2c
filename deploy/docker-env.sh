#!/bin/sh
# Writes random passwords into .env, which `docker compose` reads, and makes the folder for the mails.
# What .env holds already stays: run it as often as you like.
set -eu
cd "$(dirname "$0")/.."
umask 077
touch .env

keep() { grep -q "^$1=" .env || printf '%s=%s\n' "$1" "$2" >> .env; }
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

for name in POSTGRES_PASSWORD SUPPLIERS_DB_PASSWORD ASSESSMENTS_DB_PASSWORD AUDITS_DB_PASSWORD \
    NOTIFICATIONS_DB_PASSWORD AMQP_PASSWORD LINK_KEY; do
    keep "$name" "$(random)"
done

# The mail sink runs as you, so that the mails are your files; if you are root, as the images' own user.
uid=${SUDO_UID:-$(id -u)}
[ "$uid" != 0 ] || uid=10001
keep MAIL_UID "$uid"
mkdir -p mail
if [ "$(id -u)" = 0 ]; then
    chown "$uid" mail
    [ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID" .env
fi

echo "Passwords are in .env. Next: docker compose up --build --wait"
