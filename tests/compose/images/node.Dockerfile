# Stands in for the image "node": Node 24 out of the npm package, and this machine's npm. What the services' Dockerfiles rely
# on is the same: node and npm in PATH, and the user 1000.
FROM stratakv-test/debian
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home node
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
# The certificates this machine trusts, so that npm reaches the same registry from within a build.
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
