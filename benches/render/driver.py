"""What the drivers in Python share: the same order of things as driver.mjs, which says why."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def say(**line: object) -> None:
    print(json.dumps(line), flush=True)


def drive(peer: str, version: str, render: Callable[[str], bytes]) -> None:
    if Path(sys.argv[1]).is_dir():
        for file in Path(sys.argv[1]).glob("*.md"):
            file.with_suffix(".pdf").write_bytes(render(file.read_text(encoding="utf-8")))
        say(peer=peer, version=version)
        return
    document, count = Path(sys.argv[1]).read_text(encoding="utf-8"), int(sys.argv[2])
    render(document.replace("%N%", "0"))
    say(peer=peer, version=version)
    sys.stdin.readline()
    for n in range(1, count + 1):
        text = document.replace("%N%", str(n))
        begun = time.perf_counter()
        pdf = render(text)
        say(ms=(time.perf_counter() - begun) * 1000, bytes=len(pdf))
    sys.stdin.readline()
