#!/bin/sh
# Hands the database password, which comes as a file, to the server, which takes it from its environment only.
set -eu

POSTGRES_PWD=$(cat "${SECRETS_DIR:-/run/secrets}/temporal_db_password")
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
