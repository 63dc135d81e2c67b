#!/usr/bin/env bash
# Fetches releases beside those of the system, for the tests that run on both: current ones of Prometheus and
# Alertmanager, and the newest Redis. Debian packages of newer suites, unpacked under .cache/tools and installed nowhere.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
tools="$root/.cache/tools"
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT

monitoring() {
  "$root/scripts/unpack-packages.sh" forky "$unpacked" prometheus promtool prometheus-alertmanager
  mkdir -p "$tools/prometheus-3.5" "$tools/alertmanager-0.33"
  mv "$unpacked/usr/bin/prometheus" "$unpacked/usr/bin/promtool" "$tools/prometheus-3.5/"
  mv "$unpacked/usr/bin/prometheus-alertmanager" "$unpacked/usr/bin/amtool" "$tools/alertmanager-0.33/"
  "$tools/prometheus-3.5/promtool" --version 2>&1 | head -1
  "$tools/alertmanager-0.33/amtool" --version 2>&1 | head -1
}

# It wants a newer libc than the system may have, and brings it, with all else that it is linked with.
redis() {
  local libraries=(libc6 libatomic1 libjemalloc2 liblzf1 libssl3t64 libstdc++6 libgcc-s1 libsystemd0 libcap2 libzstd1 zlib1g)
  "$root/scripts/unpack-packages.sh" "sid experimental" "$unpacked/redis" redis-tools "${libraries[@]}"
  rm -rf "$tools/redis-newest"
  mkdir -p "$tools/redis-newest"
  # The server and its checks are one program, which goes by its name.
  mv "$unpacked/redis/usr/bin/redis-check-rdb" "$tools/redis-newest/program"
  mv "$unpacked"/redis/usr/lib/*-linux-gnu* "$tools/redis-newest/lib"
  rm -rf "$tools/redis-newest/lib/gconv"
  cat >"$tools/redis-newest/redis-server" <<'LAUNCHER'
#!/bin/sh
here=$(dirname "$0")
exec "$here"/lib/ld-linux*.so.* --argv0 redis-server --library-path "$here/lib" "$here/program" "$@"
LAUNCHER
  chmod 755 "$tools/redis-newest/redis-server"
  "$tools/redis-newest/redis-server" --version
}

[ -x "$tools/prometheus-3.5/promtool" ] && [ -x "$tools/alertmanager-0.33/amtool" ] || monitoring
[ -x "$tools/redis-newest/redis-server" ] || redis
