#!/bin/sh
# Runs once, on an empty data folder: one role and its databases for Temporal, one for Stint. Neither can read the other's.
set -eu

export SECRETS_DIR="${SECRETS_DIR:-/run/secrets}"

# The passwords come through psql's own backquotes, not through its arguments, which any process could read.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\set temporal_password `cat "$SECRETS_DIR/temporal_db_password"`
\set stint_password `cat "$SECRETS_DIR/stint_db_password"`
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE stint LOGIN PASSWORD :'stint_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE stint OWNER stint;
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, stint FROM PUBLIC;
SQL
