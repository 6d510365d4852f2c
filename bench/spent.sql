-- name: backends
-- The processes of PostgreSQL that work for this database.
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
