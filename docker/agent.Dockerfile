# One coding agent and its Node.js on the worker's image: what the agent container of a worker runs.
ARG BASE=debian:bookworm-slim
ARG WORKER=swarmlab/worker
FROM ${BASE} AS fetched
ARG MIRROR=
ARG NPM_REGISTRY=
COPY scripts /swarmlab-build/scripts
COPY docker/install.sh docker/debian-*.lock /swarmlab-build/docker/
RUN /swarmlab-build/docker/install.sh npm
ARG AGENT
COPY docker/agents/${AGENT} /opt/agent
COPY docker/fetch-agent.sh /usr/local/bin/fetch-agent
COPY docker/ca/more.pem /etc/ssl/more.pem
RUN fetch-agent "${AGENT}"

FROM ${WORKER}
USER 0:0
COPY --from=fetched /opt/agent /opt/agent
ARG AGENT
RUN ln -s /opt/agent/bin/node /opt/agent/bin/${AGENT} /usr/local/bin/ && /usr/local/bin/${AGENT} --version
USER 65532:65532
HEALTHCHECK NONE
CMD ["runner", "--listen", "/run/swarmlab/agent/runner.sock"]
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="swarmlab agent ${AGENT}" \
  org.opencontainers.image.description="The container in which a worker starts its agent" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
