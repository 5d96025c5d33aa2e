#!/bin/sh
# What the tests' real services need and this machine lacks, where it can be installed: as root on Debian.
# Elsewhere the tests themselves say what is missing.
set -eu

[ -z "${GATEWAY_TEST_POSTGRES_URL:-}" ] || exit 0
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && exit 0
command -v postgres >/dev/null 2>&1 && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || exit 0

echo "installing postgresql for the tests" >&2
export DEBIAN_FRONTEND=noninteractive
# No cluster of the package's own: the tests start theirs.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] ||
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
apt-get update -qq >&2 || true
apt-get install -y -qq --no-install-recommends postgresql >&2 ||
    echo "postgresql could not be installed; its tests will be skipped" >&2
