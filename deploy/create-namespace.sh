#!/bin/sh
# Makes the namespace and its search attributes unless they are there. Safe to run at every start.
set -eu

namespace=${TEMPORAL_NAMESPACE:-stint}
retention=${TEMPORAL_RETENTION:-30d}
max_attempts=${MAX_ATTEMPTS:-60}
# The temporal CLI reads the address from TEMPORAL_ADDRESS.

retry() {
  attempt=1
  until "$@"; do
    if [ "$attempt" -ge "$max_attempts" ]; then
      echo "create-namespace: gave up after $max_attempts attempts: $*" >&2
      exit 1
    fi
    attempt=$((attempt + 1))
    sleep 1
  done
}

healthy() { temporal operator cluster health >/dev/null 2>&1; }
describes() { temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; }
lists_attributes() { attributes=$(temporal operator search-attribute list --namespace "$namespace" 2>/dev/null); }

retry healthy
if ! describes; then
  temporal operator namespace create --namespace "$namespace" --retention "$retention"
fi
retry lists_attributes # a new namespace is not known everywhere at once

for name in StintState StintPerson StintTarget StintOutcome StintRule; do
  case "$attributes" in
    *"$name"*) ;;
    *) temporal operator search-attribute create --namespace "$namespace" --name "$name" --type Keyword ;;
  esac
done
echo "create-namespace: $namespace is ready"
