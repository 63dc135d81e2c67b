#!/bin/sh
# Prints the Debian archive from which this machine takes its packages, as apt is configured here. Fails where it has none.
source=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -E '/debian/?$' | head -n 1)
if [ -z "$source" ]; then
  echo "apt has no Debian archive configured on this machine: add one to its package sources" >&2
  exit 1
fi
echo "$source"
