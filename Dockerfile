# The public image by default. Any of Debian's with Node.js 24 or newer and npm will do.
ARG NODE_IMAGE=node:26.10.0-bookworm-slim@sha256:662933cf47f013bc8e4beb31a6116448427a82057ba7c42c97e4c5ba766504c2

FROM ${NODE_IMAGE} AS build
# The release's list of what is in the image names what this stage is made of, too.
ARG BUILDKIT_SBOM_SCAN_STAGE=true
WORKDIR /app
COPY package.json package-lock.json ./
# No install scripts: the only one that matters would bring a second Node.js.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tools/build.ts ./tools/
COPY src ./src
ARG REVISION
RUN npm run build && sed -i '1s|.*|#!/usr/local/bin/node|' dist/main.js

FROM ${NODE_IMAGE} AS runtime
# Node.js without what only a debugger of C++ needs, a quarter of it; the libraries that it is linked with; and what
# tells glibc who the user is and to look up names in /etc/hosts first.
RUN command -v strip >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends binutils; }
RUN mkdir -p /image/usr/local/bin /image/etc && mkdir -p -m 700 /own/data \
  && strip -o /image/usr/local/bin/node /usr/local/bin/node \
  && cp --parents -L $(LD_TRACE_LOADED_OBJECTS=1 /usr/local/bin/node | grep -o '/[^ ]*') /image \
  && ln -s /app/dist/main.js /image/usr/local/bin/fairlead \
  && echo 'hosts: files dns' >/image/etc/nsswitch.conf \
  && echo 'node:x:1000:1000::/app:/usr/local/bin/fairlead' >/image/etc/passwd \
  && echo 'node:x:1000:' >/image/etc/group

# Nothing else: no shell, no packages. What builds and installs is of no use to whoever runs this, and of much use to
# whoever breaks in (docs/decisions/0034).
FROM scratch
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="Fairlead" \
  org.opencontainers.image.description="Load balancer and reverse proxy for containers" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
COPY --from=runtime /image /
# What Fairlead keeps is read by its user alone; a new volume takes owner and rights from here.
COPY --from=runtime --chown=1000:1000 /own /
WORKDIR /app
COPY package.json LICENSE ./
COPY config ./config
COPY --from=build /app/dist ./dist
ENV PATH=/usr/local/bin NODE_ENV=production FAIRLEAD_HTTP=:80 FAIRLEAD_HTTPS=:443 FAIRLEAD_DATA=/data
# Docker lets any user take ports 80 and 443 in a container's own network.
USER 1000:1000
EXPOSE 80 443
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["fairlead", "healthcheck"]
ENTRYPOINT ["fairlead"]
CMD ["serve"]
