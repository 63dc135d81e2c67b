#!/usr/bin/env bash
# Unpacks packages of other Debian suites into a folder, without installing them:
#   scripts/debian/unpack-packages.sh "SUITE..." FOLDER PACKAGE...
# Of several suites the last one is preferred.
set -euo pipefail

suites=$1
folder=$2
shift 2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -p "$work/sources" "$work/lists/partial" "$work/cache/archives/partial"
source=$("$(dirname "$0")/package-source.sh")
cat >"$work/sources/suite.sources" <<SOURCES
Types: deb
URIs: $source
Suites: $suites
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES

# A mirror that is behind, or a clock that is ahead, must not fail; signatures are still checked.
private=(
  -o Dir::Etc::sourcelist=/dev/null
  -o "Dir::Etc::sourceparts=$work/sources"
  -o "Dir::State::lists=$work/lists"
  -o "Dir::Cache=$work/cache"
  -o APT::Sandbox::User=root
  -o "APT::Default-Release=${suites##* }"
  -o Acquire::Check-Valid-Until=false
)
apt-get "${private[@]}" -qq update
(cd "$work" && apt-get "${private[@]}" -qq download "$@")
mkdir -p "$folder"
for package in "$work"/*.deb; do dpkg -x "$package" "$folder"; done
