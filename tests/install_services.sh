#!/bin/sh
# What the tests' real services need and this machine lacks, where it can be installed: as root on Debian.
# Elsewhere the tests themselves say what is missing.
set -eu

wanted=""
if [ -z "${GATEWAY_TEST_POSTGRES_URL:-}" ] && ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 &&
    ! command -v postgres >/dev/null 2>&1; then
    wanted="postgresql"
fi
if [ -z "${GATEWAY_TEST_REDIS_URL:-}" ] && ! command -v redis-server >/dev/null 2>&1; then
    wanted="$wanted redis-server"
fi
if [ -z "${GATEWAY_TEST_NATS_URL:-}" ] && ! command -v nats-server >/dev/null 2>&1 &&
    ! [ -x /usr/sbin/nats-server ]; then
    wanted="$wanted nats-server"
fi
if [ -z "${GATEWAY_TEST_POPPLER_URL:-}" ] && ! command -v pdftotext >/dev/null 2>&1; then
    wanted="$wanted poppler-utils"
fi
if [ -z "${GATEWAY_TEST_SOFTHSM_URL:-}" ] && ! command -v softhsm2-util >/dev/null 2>&1; then
    wanted="$wanted softhsm2"
fi
if [ -z "${GATEWAY_TEST_AGE_URL:-}" ] && ! command -v age >/dev/null 2>&1; then
    wanted="$wanted age"
fi
if [ -z "${GATEWAY_TEST_SSH_URL:-}" ] && ! command -v ssh-keygen >/dev/null 2>&1; then
    wanted="$wanted openssh-client"
fi
if [ -z "${GATEWAY_TEST_PROXY_URL:-}" ] && ! command -v haproxy >/dev/null 2>&1; then
    wanted="$wanted haproxy"
fi
[ -n "$wanted" ] || exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || exit 0

export DEBIAN_FRONTEND=noninteractive
# No cluster of PostgreSQL's own: the tests start theirs.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] ||
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
apt-get update -qq >&2 || true
for package in $wanted; do
    echo "installing $package for the tests" >&2
    apt-get install -y -qq --no-install-recommends "$package" >&2 ||
        echo "$package could not be installed; its tests will be skipped" >&2
done
