# One image for bot and server. Build: docker build -t gridhedge .
# Run it read-only, with one volume for data: see compose.yaml. Nothing in it runs as root.
# The base is an exact version. To pin the very bytes: --build-arg BASE=python@sha256:<digest>
ARG BASE=python:3.12.11-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
RUN python -m venv /opt/gridhedge
WORKDIR /src
# Dependencies first: they change less often than the code.
COPY requirements/image.txt requirements/image.txt
RUN /opt/gridhedge/bin/pip install --require-hashes --only-binary :all: --requirement requirements/image.txt
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY requirements requirements
COPY gridhedge gridhedge
RUN /opt/gridhedge/bin/pip install --no-deps --no-build-isolation . \
    && /opt/gridhedge/bin/gridhedge --version

FROM ${BASE}
RUN groupadd --system --gid 10001 gridhedge \
    && useradd --system --uid 10001 --gid gridhedge --no-create-home --home-dir /data gridhedge \
    && install --directory --owner gridhedge --group gridhedge --mode 0700 /data
COPY --from=build /opt/gridhedge /opt/gridhedge
ENV PATH=/opt/gridhedge/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XDG_STATE_HOME=/data/state
USER 10001:10001
# Profiles and .env are looked for here; data lies beside them.
WORKDIR /data
VOLUME /data
EXPOSE 8082
# SIGTERM ends sessions gracefully: orders stay as profiles say, and the next start goes on from there.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8082/health', timeout=4)"]
ENTRYPOINT ["gridhedge"]
CMD ["serve", "--host", "0.0.0.0", "--data-dir", "/data"]
