#!/bin/sh
# Brings Temporal's two databases to the schema of this image. Safe to run at every start: what is there stays.
set -eu

SQL_PASSWORD=$(cat "${SECRETS_DIR:-/run/secrets}/temporal_db_password")
export SQL_PASSWORD # the tool reads SQL_HOST, SQL_PORT, SQL_USER and SQL_PLUGIN from the environment, too

for database in temporal temporal_visibility; do
  schema=${database#temporal_} # temporal, visibility
  temporal-sql-tool --db "$database" setup-schema -v 0.0
  temporal-sql-tool --db "$database" update-schema --schema-name "postgresql/v12/$schema"
done
