FROM python:3.11-slim AS build
# Which build of PyTorch: cpu is a fifth the size of the others, cu130 runs on a GPU.
ARG TORCH=cpu
WORKDIR /src
COPY pyproject.toml README.md ./
COPY app app
COPY static static
COPY templates templates
RUN python -m venv /opt/initscope && /opt/initscope/bin/pip install --no-cache-dir \
    --extra-index-url https://download.pytorch.org/whl/$TORCH .

FROM python:3.11-slim
COPY --from=build /opt/initscope /opt/initscope
RUN useradd --system --uid 10001 --no-create-home initscope && install -d -o 10001 /var/cache/initscope
USER 10001
ENV XDG_CACHE_HOME=/var/cache/initscope MPLCONFIGDIR=/var/cache/initscope/matplotlib
# For the processor of this machine. On one of another kind the server compiles once it has started, in some seconds;
# a volume here keeps that from container to container.
RUN /opt/initscope/bin/python -m initscope.lab.kernels && /opt/initscope/bin/python -c "import matplotlib.font_manager"
# Writable even where the rest is not: matplotlib insists.
VOLUME /var/cache/initscope
ENV INITSCOPE_HOST=0.0.0.0 INITSCOPE_PORT=8000 PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000
HEALTHCHECK CMD ["/opt/initscope/bin/python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"INITSCOPE_PORT\"]}/livez', timeout=3)"]
ENTRYPOINT ["/opt/initscope/bin/initscope"]
