#!/bin/bash
# healthy PORT PATH: whether this container answers a GET with 200. The image has no curl, and needs none.
set -u
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
read -r -t 4 _ status _ <&3
if [[ "${status:-}" != 200 ]]; then
  # The engine keeps what is printed: the body names what is not ready.
  timeout 1 cat <&3
  exit 1
fi
