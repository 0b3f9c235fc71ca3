# Stands in for the image "rabbitmq": Debian's RabbitMQ 3.10 instead of 4.x. What docker-compose.yml relies on is the same:
# rabbitmq-server and its tools in PATH, bash, /etc/rabbitmq/conf.d, the user 999 and a folder /var/lib/rabbitmq of that user.
FROM stratakv-test/debian
RUN groupadd --system --gid 999 rabbitmq \
 && useradd --system --uid 999 --gid rabbitmq --home-dir /var/lib/rabbitmq rabbitmq \
 && apt-get update \
 && apt-get install --yes --no-install-recommends rabbitmq-server \
 && rm -rf /var/lib/apt/lists/* /var/lib/rabbitmq/.erlang.cookie \
 && install --directory --owner rabbitmq --group rabbitmq /var/lib/rabbitmq /etc/rabbitmq/conf.d
# Debian's own wrapper in /usr/sbin hides what the broker prints in a file.
ENV PATH=/usr/lib/rabbitmq/bin:$PATH HOME=/var/lib/rabbitmq LANG=C.UTF-8
CMD ["rabbitmq-server"]
