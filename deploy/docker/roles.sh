#!/bin/bash
# Makes the two roles and the database when the Postgres container first starts: the owner, who runs migrations, and the
# service's ordinary role, which row security binds.
set -euo pipefail
psql --set ON_ERROR_STOP=1 --set password="$POSTGRES_PASSWORD" --username postgres <<'SQL'
CREATE ROLE plumbline_owner LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE ROLE plumbline       LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE DATABASE plumbline OWNER plumbline_owner;
\connect plumbline
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO plumbline;
GRANT USAGE, CREATE ON SCHEMA public TO plumbline_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE plumbline_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO plumbline;
ALTER DEFAULT PRIVILEGES FOR ROLE plumbline_owner GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO plumbline;
SQL
