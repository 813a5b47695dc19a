#!/bin/sh
# Makes sure that there is a PgBouncer for the tests of pooled databases; as root on Debian or Ubuntu it installs one.
# Elsewhere those tests are skipped, and say why.
set -eu
cd "$(dirname "$0")/.."

if command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ]; then exit 0; fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # The tests start one of their own: the package's service must not run.
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d.artel
    chmod +x /usr/sbin/policy-rc.d.artel
    kept=""
    if [ -e /usr/sbin/policy-rc.d ]; then kept=1; else mv /usr/sbin/policy-rc.d.artel /usr/sbin/policy-rc.d; fi
    scripts/apt.sh PgBouncer pgbouncer
    if [ -z "$kept" ]; then rm -f /usr/sbin/policy-rc.d; else rm -f /usr/sbin/policy-rc.d.artel; fi
    exit 0
fi
echo "PgBouncer is not installed; its tests are skipped (Debian, Ubuntu: sudo apt-get install pgbouncer)." >&2
