#!/bin/sh
# Whether the Redis or Sentinel of this container takes its password and answers. The argument is its port.
REDISCLI_AUTH=$(cat /run/secrets/redis_password)
export REDISCLI_AUTH
[ "$(redis-cli -p "$1" --raw ping)" = PONG ]
