#!/bin/bash
# Starts a RabbitMQ node of docker-compose.yml. Erlang takes the cookie only from a file that nobody else can read, which a
# mounted secret is not.
set -euo pipefail
umask 077
cat /run/secrets/rabbitmq_cookie > /var/lib/rabbitmq/.erlang.cookie.new
chmod 400 /var/lib/rabbitmq/.erlang.cookie.new
mv -f /var/lib/rabbitmq/.erlang.cookie.new /var/lib/rabbitmq/.erlang.cookie
exec rabbitmq-server
