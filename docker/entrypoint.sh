#!/bin/sh
# What the container runs: the `gateway` command with these arguments, `serve` without any.
#
# Before `serve` and `migrate`, what an installation needs and does not have is made beside the configuration; nothing
# is overwritten. On PostgreSQL the tables are their owner's to make: run `migrate` apart with database.owner_url, as
# compose.yaml does, or give GATEWAY_DATABASE_OWNER_URL here. It is then used first, and the process that serves never
# has it.
set -eu

[ $# -gt 0 ] || set -- serve
umask 077

case $1 in
serve | migrate)
    gateway init "$(dirname "${GATEWAY_CONFIG:-gateway.toml}")" >&2
    ;;
esac
if [ "$1" = serve ] && [ -n "${GATEWAY_DATABASE_OWNER_URL:-}" ]; then
    gateway migrate >&2
    unset GATEWAY_DATABASE_OWNER_URL
fi
# In place of this shell, so that signals reach it.
exec gateway "$@"
