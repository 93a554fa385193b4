# gslb in a small image, the native engine inside.
#
#   docker build -t gslb . && docker run --read-only --cap-drop ALL --tmpfs /tmp -v gslb:/var/lib/gslb \
#       -v ./zones:/etc/gslb/zones:ro -p 53:5300/udp -p 53:5300/tcp gslb
#
# Mount your zones: none are inside. It listens on 5300, so that it needs no capability and no root; publish that as 53. Only /var/lib/gslb is
# written. The same image is every role: `… gslb serve`, `… gslb probe`, `… gslb control`; deploy/compose.yaml runs all of them.
ARG PYTHON=3.13

FROM rust:1-slim-bookworm AS native
# Built against an older libc than that of the image that runs it, so that it loads there.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements-native.lock ./
RUN python3 -m venv /opt/maturin && /opt/maturin/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements-native.lock
COPY core ./core
RUN /opt/maturin/bin/maturin build --manifest-path core/py/Cargo.toml --release --locked --strip --out /wheels

FROM python:${PYTHON}-slim AS build
WORKDIR /src
COPY requirements-run.lock pyproject.toml README.md LICENSE ./
RUN python3 -m venv /opt/gslb && /opt/gslb/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements-run.lock
COPY gslb ./gslb
COPY geodb ./geodb
COPY --from=native /wheels /wheels
RUN /opt/gslb/bin/pip install --no-cache-dir --no-deps . /wheels/*.whl

FROM python:${PYTHON}-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="gslb" \
      org.opencontainers.image.description="Global server load balancer that works through DNS" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0 AND CC-BY-4.0"
RUN useradd --system --uid 65532 --home-dir /var/lib/gslb --create-home gslb && mkdir -p /etc/gslb/zones
COPY --from=build /opt/gslb /opt/gslb
ENV PATH=/opt/gslb/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    GSLB_DNS_LISTEN=0.0.0.0:5300,[::]:5300 \
    GSLB_ZONES=/etc/gslb/zones \
    GSLB_METRICS_LISTEN=127.0.0.1:8053 \
    GSLB_STATE_DIR=/var/lib/gslb \
    GSLB_LOG_FORMAT=json
USER 65532:65532
WORKDIR /etc/gslb
VOLUME /var/lib/gslb
EXPOSE 5300/udp 5300/tcp 8053/tcp
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["gslb", "health"]
ENTRYPOINT ["gslb"]
CMD ["run"]
