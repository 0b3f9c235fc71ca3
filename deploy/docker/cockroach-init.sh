#!/bin/sh
# Makes the three nodes of docker-compose.yml into a cluster and makes its database. May run any number of times.
set -u

# Refused when the cluster exists already, so its answer says nothing; the next command's does.
for _ in $(seq 60); do
  cockroach init --insecure --host=cockroach-1 && break
  cockroach sql --insecure --host=cockroach-1 --execute 'SELECT 1' > /dev/null 2>&1 && break
  sleep 1
done
exec cockroach sql --insecure --host=cockroach-1 --execute 'CREATE DATABASE IF NOT EXISTS stratakv'
