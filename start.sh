#!/bin/sh
# Starts StrataKV. ./start.sh --help says how; the work is done in scripts/start.mjs.
set -eu

missing() {
  echo "StrataKV needs Node.js 20 or newer and npm, and $1." >&2
  echo "Install Node.js 24 (npm comes with it), for example from https://nodejs.org, then run this again." >&2
  exit 1
}

command -v node >/dev/null 2>&1 || missing "the program node was not found"
version=$(node --version 2>/dev/null) || missing "the program node does not run"
major=${version#v}
major=${major%%.*}
[ "$major" -ge 20 ] 2>/dev/null || missing "this machine has Node.js $version"
command -v npm >/dev/null 2>&1 || missing "the program npm was not found"

exec node "$(dirname "$0")/scripts/start.mjs" "$@"
