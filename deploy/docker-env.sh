#!/bin/sh
# Writes random passwords into .env, which `docker compose` reads, makes the folder for the mails, and a key for tokens.
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

# The key pair that `docker compose run --rm token` signs with: the services see the public half only.
mkdir -p keys
chmod 700 keys
if [ ! -f keys/public.pem ]; then
    command -v openssl > /dev/null || { echo "openssl is missing: install it, then type this again" >&2; exit 1; }
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out keys/private.pem
    openssl pkey -in keys/private.pem -pubout -out keys/public.pem.half
    mv keys/public.pem.half keys/public.pem
fi
chmod 600 keys/private.pem
chmod 644 keys/public.pem

# What compose mounts is read by the containers' own users, under whatever umask it was checked out.
find deploy/nginx deploy/postgres deploy/rabbitmq ! -perm -g+r,o+r -exec chmod go+rX {} +

if [ "$(id -u)" = 0 ]; then
    chown "$uid" mail keys keys/private.pem
    [ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID" .env
fi

echo "Passwords are in .env, the key for tokens in keys/. Next: docker compose up --build --wait"
