# Compiles the program; the image that comes out holds nothing else.
ARG BASE=debian:bookworm-slim
FROM ${BASE} AS compiled
ARG MIRROR=
COPY scripts/packages.txt scripts/install-packages.sh /swarmlab-build/scripts/
COPY docker/install.sh docker/debian-*.lock /swarmlab-build/docker/
RUN /swarmlab-build/docker/install.sh build
COPY . /src
WORKDIR /src
ARG REVISION=
RUN SWARMLAB_COMMIT="${REVISION}" scripts/build.sh release && strip -o /swarmlab build/release/swarmlab

FROM scratch
COPY --from=compiled /swarmlab /swarmlab
