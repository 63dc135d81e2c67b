#!/usr/bin/env bash
# Fetches other releases than the system's, for tests that run on both: current Prometheus and Alertmanager, Redis 8.0
# and the newest, Valkey 9, and kubectl. Debian packages of newer suites are unpacked under .cache/tools, not installed.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
tools="$root/.cache/tools"
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT

monitoring() {
  "$root/scripts/debian/unpack-packages.sh" forky "$unpacked" prometheus promtool prometheus-alertmanager
  mkdir -p "$tools/prometheus-3.5" "$tools/alertmanager-0.33"
  mv "$unpacked/usr/bin/prometheus" "$unpacked/usr/bin/promtool" "$tools/prometheus-3.5/"
  mv "$unpacked/usr/bin/prometheus-alertmanager" "$unpacked/usr/bin/amtool" "$tools/alertmanager-0.33/"
  "$tools/prometheus-3.5/promtool" --version 2>&1 | head -1
  "$tools/alertmanager-0.33/amtool" --version 2>&1 | head -1
}

# Unpacks one release of the server, with the libraries that it is linked with, since it needs a newer libc than the
# system's.
#   server FOLDER PROGRAM "SUITE..." PACKAGE CHECK LIBRARY...
server() {
  local folder=$1 program=$2 suites=$3 package=$4 check=$5
  shift 5
  "$root/scripts/debian/unpack-packages.sh" "$suites" "$unpacked/$folder" "$package" "$@"
  rm -rf "${tools:?}/$folder"
  mkdir -p "$tools/$folder"
  # The server and its checks are one program, which looks at its own name.
  mv "$unpacked/$folder/usr/bin/$check" "$tools/$folder/program"
  mv "$unpacked/$folder"/usr/lib/*-linux-gnu* "$tools/$folder/lib"
  rm -rf "$tools/$folder/lib/gconv"
  cat >"$tools/$folder/$program" <<LAUNCHER
#!/bin/sh
here=\$(dirname "\$0")
exec "\$here"/lib/ld-linux*.so.* --argv0 $program --library-path "\$here/lib" "\$here/program" "\$@"
LAUNCHER
  chmod 755 "$tools/$folder/$program"
  "$tools/$folder/$program" --version
}

# The kustomize of Debian 12's kubectl has no replacements.
kubectl_of_trixie() {
  "$root/scripts/debian/unpack-packages.sh" trixie "$unpacked/kubectl" kubectl/trixie
  mkdir -p "$tools/kubectl"
  mv "$unpacked/kubectl/usr/bin/kubectl" "$tools/kubectl/"
  "$tools/kubectl/kubectl" version --client
}

common=(libc6 libatomic1 libjemalloc2 liblzf1 libssl3t64 libstdc++6 libgcc-s1 libsystemd0 libcap2 libzstd1 zlib1g)

[ -x "$tools/prometheus-3.5/promtool" ] && [ -x "$tools/alertmanager-0.33/amtool" ] || monitoring
[ -x "$tools/redis-newest/redis-server" ] ||
  server redis-newest redis-server "sid experimental" redis-tools redis-check-rdb "${common[@]}"
[ -x "$tools/redis-8.0/redis-server" ] ||
  server redis-8.0 redis-server trixie redis-tools redis-check-rdb "${common[@]}"
[ -x "$tools/valkey-9/valkey-server" ] ||
  server valkey-9 valkey-server forky valkey-tools valkey-check-rdb "${common[@]}"
kubectl version --client 2>/dev/null | grep -q '^Kustomize Version: v5' || [ -x "$tools/kubectl/kubectl" ] || kubectl_of_trixie
