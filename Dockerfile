# syntax=docker/dockerfile:1
# Targets: cpu (the default, the last stage) and cuda (with llama.cpp built for NVIDIA GPUs).
ARG PYTHON=3.11
ARG CUDA=12.8.1

FROM python:${PYTHON}-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/freya
WORKDIR /src
COPY pyproject.toml constraints.txt ./
# torch from its CPU index: the usual wheel brings gigabytes of CUDA libraries that nothing here loads.
# The dependencies stand in a layer of their own, so that a change of the code does not install them again.
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/freya/bin/pip install --no-deps --index-url https://download.pytorch.org/whl/cpu "$(grep '^torch==' constraints.txt)" \
    && python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > requirements.txt \
    && /opt/freya/bin/pip install -c constraints.txt -r requirements.txt
COPY README.md LICENSE ./
COPY app app
COPY graphs graphs
COPY training training
COPY agents agents
COPY knowledge knowledge
COPY memory memory
COPY trading trading
COPY models models
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/freya/bin/pip install --no-deps -c constraints.txt .

FROM nvidia/cuda:${CUDA}-devel-ubuntu24.04 AS llama
# Fewer architectures build faster: 75 Turing, 80 and 86 Ampere, 89 Ada, 90 Hopper, 120 Blackwell.
ARG CUDA_ARCHITECTURES=75;80;86;89;90;120
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-dev python3-pip \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /wheels
COPY constraints.txt /src/constraints.txt
# GGML_NATIVE would ask the building machine for its processor and its GPU; this image runs elsewhere. The driver
# library is not in the image but comes from the host at run time: linking uses the toolkit's stub of it.
RUN ln -s libcuda.so /usr/local/cuda/lib64/stubs/libcuda.so.1 \
    && CMAKE_ARGS="-DGGML_CUDA=on -DGGML_NATIVE=off -DCMAKE_CUDA_ARCHITECTURES=${CUDA_ARCHITECTURES} -DCMAKE_EXE_LINKER_FLAGS=-Wl,-rpath-link,/usr/local/cuda/lib64/stubs" \
       python3 -m pip wheel --no-deps "$(grep '^llama-cpp-python==' /src/constraints.txt)" \
    && mkdir /cuda \
    && cp -P /usr/local/cuda/lib64/libcudart.so.* /usr/local/cuda/lib64/libcublas.so.* /usr/local/cuda/lib64/libcublasLt.so.* /cuda/

FROM python:${PYTHON}-slim-trixie AS runtime
# The embedded PostgreSQL wants an account with a name, and refuses root.
RUN useradd --uid 10001 --create-home freya && install -d -o freya -g freya -m 700 /data
COPY --from=build /opt/freya /opt/freya
ENV PATH=/opt/freya/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HF_HOME=/data/huggingface \
    FREYA_DATA=/data \
    FREYA_HTTP__HOST=0.0.0.0 \
    FREYA_LOG__FORMAT=json
WORKDIR /home/freya
VOLUME /data
EXPOSE 8700
HEALTHCHECK --interval=15s --timeout=5s --start-period=180s --retries=4 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8700/readyz', timeout=4)"]
ENTRYPOINT ["freya"]
CMD ["serve"]

FROM runtime AS cuda
COPY --from=llama /cuda /opt/cuda/lib
RUN --mount=type=bind,from=llama,source=/wheels,target=/wheels \
    --mount=type=bind,source=constraints.txt,target=/src/constraints.txt \
    apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && /opt/freya/bin/pip install --no-cache-dir -c /src/constraints.txt /wheels/*.whl
ENV LD_LIBRARY_PATH=/opt/cuda/lib \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER freya

FROM runtime AS cpu
USER freya
