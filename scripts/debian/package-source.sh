#!/bin/sh
# Prints the Debian archive of apt's configuration on this machine. Fails if it has none.
source=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -E '/debian/?$' | head -n 1)
if [ -z "$source" ]; then
  echo "apt has no Debian archive configured on this machine: add one to its package sources" >&2
  exit 1
fi
echo "$source"
