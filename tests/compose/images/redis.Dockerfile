# Stands in for the image "redis": Debian's Redis 7.0 instead of 7.4. What docker-compose.yml relies on is the same:
# redis-server, redis-cli and redis-sentinel in PATH, a shell, the user 999 and a folder /data of that user.
FROM stratakv-test/debian
RUN groupadd --system --gid 999 redis \
 && useradd --system --uid 999 --gid redis --home-dir /data redis \
 && apt-get update \
 && apt-get install --yes --no-install-recommends redis-server redis-sentinel \
 && rm -rf /var/lib/apt/lists/* \
 && install --directory --owner redis --group redis /data
WORKDIR /data
CMD ["redis-server"]
