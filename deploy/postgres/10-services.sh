#!/bin/bash
# A database and a role per service; each role may connect to its own database only.
# Run by the postgres image when its volume is empty. Passwords come from the environment (\getenv: never on a command line).
set -euo pipefail

for service in suppliers assessments audits notifications; do
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set service="$service" <<SQL
\getenv password ${service^^}_DB_PASSWORD
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service" TEMPLATE template0 ENCODING 'UTF8';
REVOKE CONNECT, TEMPORARY ON DATABASE :"service" FROM PUBLIC;
SQL
    echo "database and role $service: made"
done
