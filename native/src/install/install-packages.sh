#!/bin/sh
# Installs packages of Debian or Ubuntu, as root, without letting their services start, neither now nor at the next boot.
# Usage: install-packages.sh PACKAGE...
set -eu
export DEBIAN_FRONTEND=noninteractive STRATAKV_INSTALL=1

# invoke-rc.d asks this program whether a service may start. What it says counts for this installation alone, so that a
# copy left behind by a crash does no harm.
policy=/usr/sbin/policy-rc.d
kept=$policy.before-stratakv

put_back() {
  if [ -e "$kept" ] || [ -L "$kept" ]; then
    mv -f "$kept" "$policy"
  elif grep -qs STRATAKV_INSTALL "$policy"; then
    rm -f "$policy"
  fi
}

put_back
trap put_back EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -e "$policy" ] || [ -L "$policy" ]; then mv "$policy" "$kept"; fi
cat >"$policy" <<END
#!/bin/sh
[ -z "\${STRATAKV_INSTALL:-}" ] || exit 101
[ ! -x $kept ] || exec $kept "\$@"
exit 0
END
chmod 755 "$policy"

install() {
  apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 install "$@"
}

# The list of packages may be absent, as in container images, or too old.
install "$@" || { apt-get -q update && install "$@"; }

command -v systemctl >/dev/null || exit 0
for package in "$@"; do
  units=$package.service
  [ "$package" != rabbitmq-server ] || units="$units epmd.socket epmd.service"
  for unit in $units; do systemctl --quiet disable "$unit" 2>/dev/null || true; done
done
