# Small, without root, and reachable from outside only when told so:
#   docker build -t switchyard .
#   docker run -p 8080:8080 -e OPENAI_API_KEY -v ./config.yaml:/switchyard/config.yaml:ro switchyard --host 0.0.0.0
# Any host but this machine needs `keys:` in config.yaml, or `server.open: true`. deploy/ has it among its neighbours.
# With OpenTelemetry: --build-arg LOCK=requirements-otel.txt

FROM python:3.11-slim AS build
ARG LOCK=requirements.txt
COPY ${LOCK} requirements.txt
RUN python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

FROM build AS compiled
COPY requirements-compiled.txt .
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev \
 && pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-compiled.txt
WORKDIR /switchyard
COPY . .
RUN /opt/venv/bin/python -m compiling

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /switchyard
COPY --from=build /opt/venv /opt/venv
COPY . .
COPY --from=compiled /switchyard/compiled compiled
# Bytecode is made here, since the user below may write nowhere but to data.
RUN python -m compileall -q . \
 && useradd --system --uid 10001 --no-create-home switchyard \
 && install -d -o switchyard -g switchyard data
USER 10001
EXPOSE 8080
# Set PORT, rather than --port, for another port: config.yaml and this line both read it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8080') + '/health/live', timeout=2)"]
ENTRYPOINT ["python", "proxy.py"]
