# Stands in for the image "nginx": Debian's nginx 1.22 instead of 1.28. What docker-compose.yml relies on is the same:
# nginx and curl in PATH, and the user 101.
FROM stratakv-test/debian
RUN groupadd --system --gid 101 nginx \
 && useradd --system --uid 101 --gid nginx --no-create-home --home-dir /nonexistent nginx \
 && apt-get update \
 && apt-get install --yes --no-install-recommends nginx-light curl \
 && rm -rf /var/lib/apt/lists/*
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
