#!/bin/sh
# Removes the Temporal bridge's binaries of other platforms (about 120 MB). usage: prune-core-bridge.sh NODE_MODULES
set -eu

releases=$1/@temporalio/core-bridge/releases

case $(uname -m) in
  x86_64 | amd64) keep=x86_64-unknown-linux-gnu ;;
  aarch64 | arm64) keep=aarch64-unknown-linux-gnu ;;
  *)
    echo "prune-core-bridge: there is no Temporal bridge for $(uname -m)" >&2
    exit 1
    ;;
esac

# Nothing is removed unless the one to keep is there: an image without any would fail only when it starts.
if [ ! -d "$releases/$keep" ]; then
  echo "prune-core-bridge: $releases/$keep is missing" >&2
  exit 1
fi

for release in "$releases"/*; do
  [ "$release" = "$releases/$keep" ] || rm -rf "$release"
done
