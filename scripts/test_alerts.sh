#!/bin/sh
# Tests all alerts, as the runbook says: calls the fire drill, which takes the same arguments.
#   scripts/test_alerts.sh
#   scripts/test_alerts.sh --only QueueDepthSpike,NoActiveWorkers
#   scripts/test_alerts.sh --scale 1
set -eu
cd "$(dirname "$0")/.."
exec npm run --silent drill -- "$@"
