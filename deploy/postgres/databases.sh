#!/bin/bash
# A database and a role per service; each role may connect to its own database only. Idempotent, and run at every start:
# an init script of the image would run only once, and half of it could leave a server that looks healthy.
# Connects as PGHOST, PGUSER, PGPASSWORD say. The roles' passwords come from the environment too (\getenv: never on a command line).
set -euo pipefail

for service in suppliers assessments audits notifications; do
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres --set service="$service" <<SQL
\getenv password ${service^^}_DB_PASSWORD
SELECT format('CREATE ROLE %I', :'service')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service') \gexec
ALTER ROLE :"service" LOGIN PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING ''UTF8''', :'service', :'service')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service') \gexec
REVOKE CONNECT, TEMPORARY ON DATABASE :"service" FROM PUBLIC;
SQL
    echo "$service: database and role are there"
done
