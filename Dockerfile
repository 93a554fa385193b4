# gslb in a small image: docker build -t gslb . && docker run -p 53:5300/udp -p 53:5300/tcp -v ./zones:/etc/gslb/zones:ro gslb
# Mount your zones: none are inside. Listens on 5300 inside, so that it needs no capability and no root; publish it as 53.
FROM rust:1-slim-bookworm AS native
# Built against an older libc than that of the image that runs it, so that it loads there.
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv && python3 -m venv /opt/maturin
WORKDIR /src
COPY requirements-native.lock ./
RUN /opt/maturin/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements-native.lock
COPY core ./core
RUN /opt/maturin/bin/maturin build --manifest-path core/py/Cargo.toml --release --locked --strip --out /wheels

FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements-run.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/gslb && /opt/gslb/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements-run.lock
COPY gslb ./gslb
COPY geodb ./geodb
COPY --from=native /wheels /wheels
RUN /opt/gslb/bin/pip install --no-cache-dir --no-deps . /wheels/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="gslb" org.opencontainers.image.licenses="Apache-2.0 AND CC-BY-4.0"
RUN mkdir -p /etc/gslb/zones && useradd --system --uid 65532 --home-dir /var/lib/gslb --create-home gslb
COPY --from=build /opt/gslb /opt/gslb
COPY geodb /usr/share/gslb/geodb
ENV PATH=/opt/gslb/bin:$PATH \
    GSLB_DNS_LISTEN=0.0.0.0:5300,[::]:5300 \
    GSLB_ZONES=/etc/gslb/zones \
    GSLB_GEO_DATABASE=/usr/share/gslb/geodb \
    GSLB_METRICS_LISTEN=127.0.0.1:8053 \
    GSLB_STATE_DIR=/var/lib/gslb
USER 65532
WORKDIR /etc/gslb
EXPOSE 5300/udp 5300/tcp 8053/tcp
HEALTHCHECK --interval=5s --timeout=2s CMD gslb status >/dev/null || exit 1
ENTRYPOINT ["gslb"]
CMD ["run"]
