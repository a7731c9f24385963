#!/usr/bin/env bash
# `make clients`: chats, streams and embeds through clients that people use, against a Ruche that runs (`make run`). Installs
# the clients into .ruche/clients, as pinned here. Exit status 1: a client did not get what it expects.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=benches/clients
there=.ruche/clients
packages=(langchain-openai==1.7.4 llama-index-llms-openai-like==0.8.1 llama-index-embeddings-openai-like==0.4.0)

say() { printf '%s\n' "$*" >&2; }

if [ -z "${RUCHE_URL:-}" ]; then
  if [ ! -f .ruche/dev.env ]; then
    say "No Ruche runs here: start one with \`make run\` in another terminal, or set RUCHE_URL and RUCHE_KEY."
    exit 1
  fi
  # shellcheck disable=SC1091
  . .ruche/dev.env
fi
export RUCHE_URL RUCHE_KEY

mkdir -p "$there"
if [ "$(cat "$there/venv/stamp" 2> /dev/null)" != "${packages[*]}" ]; then
  say "Fetching the Python clients into $there/venv"
  python3 -m venv "$there/venv"
  "$there/venv/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}"
  printf '%s' "${packages[*]}" > "$there/venv/stamp"
fi
if ! cmp -s "$here/package.json" "$there/package.json" || [ ! -d "$there/node_modules" ]; then
  say "Fetching the Node clients into $there/node_modules"
  cp "$here/package.json" "$here/package-lock.json" "$there/"
  npm ci --silent --prefix "$there"
fi

failed=0
check() {
  local name=$1
  shift
  if "$@"; then say "ok      $name"; else say "FAILED  $name" && failed=1; fi
}
check "openai-python" "$there/venv/bin/python" "$here/openai_python.py"
check "LangChain" "$there/venv/bin/python" "$here/langchain_client.py"
check "LlamaIndex" "$there/venv/bin/python" "$here/llama_index_client.py"
cp "$here"/*.mjs "$there/"
check "openai-node" node "$there/openai_node.mjs"
check "AI SDK" node "$there/ai_sdk.mjs"
exit "$failed"
