#!/usr/bin/env bash
# Installs what `make bench-render` measures Ruche beside, and only what is missing:
#   - Debian's Chromium, Node and poppler's tools, and the libraries that WeasyPrint loads, by apt (as root or through sudo);
#   - .ruche/bench-render/node_modules: md-to-pdf and puppeteer, as package-lock.json pins them. Puppeteer's own download of
#     a browser is left out: both drive Debian's;
#   - .ruche/bench-render/venv: WeasyPrint, markdown-it-py and Typst's Python wheel, pinned below.
# A stamp says what is there, so that the second run takes milliseconds.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(weasyprint==70.0 markdown-it-py==4.3.0 typst==0.15.2)
here=benches/render
there=.ruche/bench-render

say() { printf '%s\n' "$*" >&2; }
has() { command -v "$1" > /dev/null 2>&1; }

install_system() {
  local missing=()
  has chromium || missing+=(chromium)
  has node || missing+=(nodejs)
  has npm || missing+=(npm)
  has pdftotext || missing+=(poppler-utils)
  ldconfig -p | grep -q libpangoft2-1.0 || missing+=(libpangoft2-1.0-0)
  ldconfig -p | grep -q libharfbuzz-subset || missing+=(libharfbuzz-subset0)
  [ ${#missing[@]} -eq 0 ] && return 0
  if ! has apt-get; then
    say "Missing: ${missing[*]} (these are Debian's names). Install them, then run this again."
    exit 1
  fi
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  say "Installing ${missing[*]}"
  "${as_root[@]}" apt-get -o Acquire::Retries=3 update -qq \
    || say "The package lists could not be renewed; trying with those that are there."
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

install_node() {
  mkdir -p "$there"
  cp "$here/package.json" "$here/package-lock.json" "$there/"
  PUPPETEER_SKIP_DOWNLOAD=1 npm ci --prefix "$there" --no-audit --no-fund --loglevel error >&2
}

install_python() {
  rm -rf "$there/venv"
  python3 -m venv "$there/venv"
  "$there/venv/bin/python" -m pip install --quiet --disable-pip-version-check --retries 5 "${packages[@]}"
}

install_system
wanted="${packages[*]} $(cksum < "$here/package-lock.json")"
if [ "$(cat "$there/stamp" 2> /dev/null)" != "$wanted" ]; then
  say "Fetching md-to-pdf, puppeteer, WeasyPrint and Typst's wheel into $there"
  install_node
  install_python
  printf '%s\n' "$wanted" > "$there/stamp"
fi
