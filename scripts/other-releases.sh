#!/usr/bin/env bash
# Fetches the current releases of Prometheus and Alertmanager beside those of the system, for the tests that run on
# both: Debian packages of a newer suite, unpacked under .cache/tools and installed nowhere.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
tools="$root/.cache/tools"

if [ -x "$tools/prometheus-3.5/promtool" ] && [ -x "$tools/alertmanager-0.33/amtool" ]; then exit 0; fi

unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
"$root/scripts/unpack-packages.sh" "$unpacked" prometheus promtool prometheus-alertmanager
mkdir -p "$tools/prometheus-3.5" "$tools/alertmanager-0.33"
mv "$unpacked/usr/bin/prometheus" "$unpacked/usr/bin/promtool" "$tools/prometheus-3.5/"
mv "$unpacked/usr/bin/prometheus-alertmanager" "$unpacked/usr/bin/amtool" "$tools/alertmanager-0.33/"
"$tools/prometheus-3.5/promtool" --version 2>&1 | head -1
"$tools/alertmanager-0.33/amtool" --version 2>&1 | head -1
