#!/bin/sh
# Gets what the storm on the production topology needs beside PostgreSQL: Temporal's server and its schema tool, built by Go
# from the vendor's module and checked by Go's checksum database. Takes minutes the first time, nothing afterwards.
# Usage: sh test/storm/topology/temporal-server.sh
set -eu
version=1.32.0 # as docker-compose.yml
to=${XDG_CACHE_HOME:-$HOME/.cache}/stint/temporal-server-$version
if [ -x "$to/server" ] && [ -x "$to/sql" ]; then
  echo "Temporal server $version is in $to"
  exit 0
fi
command -v go >/dev/null || { echo 'Go is not installed: without it the server cannot be built.' >&2; exit 1; }
mkdir -p "$to"
GOBIN=$to GOFLAGS=-p=2 go install "go.temporal.io/server/cmd/server@v$version"
GOBIN=$to GOFLAGS=-p=2 go install "go.temporal.io/server/cmd/tools/sql@v$version"
echo "Temporal server $version is in $to"
