#!/usr/bin/env bash
# Forgets the development data: NATS, Postgres, objects, keys, passwords, logs. Fetched models and tools stay.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${RUCHE_DIR:-.}/.ruche

# `ruche up` holds this lock as long as it runs.
if [ -e "$data/run/lock" ] && command -v flock > /dev/null && ! flock --nonblock "$data/run/lock" true; then
  echo "Ruche is running on $data: stop it first, with make down." >&2
  exit 1
fi
# As root, Postgres's things may lie under /var/lib/ruche, where its user can reach them; links say where.
for link in "$data/postgres" "$data/venv/outside"; do
  [ -L "$link" ] || continue
  target=$(readlink "$link")
  case $target in
    /var/lib/ruche/*/data) rm -rf "${target%/data}" ;;
    /var/lib/ruche/*) rm -rf "$target" ;;
  esac
  rm -f "$link"
done
rm -rf "$data/nats" "$data/postgres" "$data/objects" "$data/run" "$data/logs" "$data/secrets.json" "$data/dev.env"
echo "Forgotten: the data in $data. Models and tools are still there; rm -rf $data removes them too."
