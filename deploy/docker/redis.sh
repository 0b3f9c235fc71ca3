#!/bin/sh
# Starts one Redis of docker-compose.yml in the part that the first argument names: cache, lock or sentinel.
# Passwords come from files, and go into a configuration file that only this user can read: arguments can be seen in `ps`.
set -eu
umask 077

part=$1
name=$(hostname)
password=$(cat /run/secrets/redis_password)
master=${KV_REDIS_MASTER:-stratakv}

# The master that the Sentinels agree on, if one of them answers. Redis forgets its part with its container's memory, and one
# that came back as a second master would take writes that are lost as soon as a Sentinel has corrected it.
current_master() {
  for sentinel in sentinel-1 sentinel-2 sentinel-3; do
    found=$(REDISCLI_AUTH=$password timeout 2 redis-cli -h "$sentinel" -p 26379 --raw \
      sentinel get-master-addr-by-name "$master" 2>/dev/null | head -n 1) || continue
    case $found in
      redis-[0-9]) echo "$found"; return ;;
    esac
  done
  echo redis-1
}

common() {
  cat <<EOF
port 6379
protected-mode no
save ""
appendonly no
requirepass $password
maxmemory ${KV_REDIS_MAX_MEMORY:-256mb}
tcp-keepalive 60
EOF
}

case $part in
  cache)
    common > /tmp/redis.conf
    cat >> /tmp/redis.conf <<EOF
maxmemory-policy allkeys-lru
masterauth $password
replica-announce-ip $name
repl-diskless-sync yes
repl-diskless-sync-delay 0
repl-diskless-load swapdb
repl-timeout 10
EOF
    leader=$(current_master)
    [ "$leader" = "$name" ] || echo "replicaof $leader 6379" >> /tmp/redis.conf
    exec redis-server /tmp/redis.conf
    ;;

  lock)
    # Three of these know nothing of one another: a lease needs two of them. Evicting a lease would give it twice.
    common > /tmp/redis.conf
    echo 'maxmemory-policy noeviction' >> /tmp/redis.conf
    exec redis-server /tmp/redis.conf
    ;;

  sentinel)
    # Sentinel writes into this file what it learns and whom it voted for, so it lies on a volume. The password is brought up
    # to date at each start.
    file=/data/sentinel.conf
    if [ ! -s "$file" ]; then
      cat > "$file.new" <<EOF
port 26379
protected-mode no
dir /tmp
requirepass $password
sentinel sentinel-pass $password
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip $name
sentinel monitor $master redis-1 6379 2
sentinel auth-pass $master $password
sentinel down-after-milliseconds $master 1000
sentinel failover-timeout $master 3000
sentinel parallel-syncs $master 1
EOF
    else
      sed -e "s/^requirepass .*/requirepass \"$password\"/" \
        -e "s/^sentinel sentinel-pass .*/sentinel sentinel-pass $password/" \
        -e "s/^sentinel auth-pass .*/sentinel auth-pass $master $password/" "$file" > "$file.new"
    fi
    mv "$file.new" "$file"
    exec redis-sentinel "$file"
    ;;

  *)
    echo "Usage: redis.sh cache|lock|sentinel" >&2
    exit 2
    ;;
esac
