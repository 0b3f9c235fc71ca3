#!/bin/sh
# The part of the official image's entrypoint that docker-compose.postgres.yml uses: an empty data folder is made into a
# cluster with one superuser and one database, before the command is run.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Only at the socket, so that nobody takes the half-made cluster for the finished one.
  initdb --pgdata "$PGDATA" --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" --encoding UTF8 \
    --auth-local trust --auth-host scram-sha-256
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl --pgdata "$PGDATA" --options "-c listen_addresses=''" --wait start
  createdb --username "$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl --pgdata "$PGDATA" --mode fast --wait stop
fi

exec "$@"
