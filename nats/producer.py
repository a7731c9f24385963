#!/usr/bin/env python3
"""Publishes one job straight onto NATS, and follows it to its end. Any language with a NATS client can do the same.

    pip install nats-py
    NATS_URL=... NATS_USER=... NATS_PASSWORD=... producer.py --tenant acme chat '{"messages": [...]}'

The login comes from `ruche keys nats`. What a job may say is in schemas/json/<kind>.v<version>.json, and
where messages go in schemas/json/asyncapi.json. A job that breaks its schema is kept as a dead letter, with the reason.
"""

import argparse
import asyncio
import datetime
import json
import os
import secrets
import sys
import time
import uuid
import zlib

import nats

# The lane `bulk` is divided by tenant.
BULK_SHARDS = 8


def uuid7() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): ids made later sort later."""
    milliseconds = int(time.time() * 1000)
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)


def shard(lane: str, tenant: str) -> int:
    """Which shard of a lane has a tenant's jobs. The server refuses the others to a producer."""
    return zlib.crc32(tenant.encode()) % BULK_SHARDS if lane == "bulk" else 0


async def main() -> int:
    arguments = parse()
    tenant, kind, lane = arguments.tenant, arguments.kind, arguments.lane
    connection = await nats.connect(
        os.environ["NATS_URL"],
        user=os.environ.get("NATS_USER"),
        password=os.environ.get("NATS_PASSWORD"),
        # A producer may listen to its own answers only.
        inbox_prefix=f"_INBOX_{tenant}".encode(),
    )
    job = str(uuid7())
    # Listen first: the first event may come before the acknowledgement.
    events = await connection.subscribe(f"{arguments.prefix}.live.{tenant}.{job}")
    envelope = {
        "id": job,
        "kind": kind,
        "version": arguments.version,
        "tenant": tenant,
        "lane": lane,
        "created_at": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "body": json.loads(arguments.body),
    }
    subject = f"{arguments.prefix}.job.{kind}.{lane}.{shard(lane, tenant)}.{tenant}"
    headers = {"Nats-Msg-Id": f"{tenant}.{job}", "ruche-job": job}
    # Durable once this returns. Without an answer, publish the same again: the same id adds nothing.
    await connection.jetstream().publish(subject, json.dumps(envelope).encode(), headers=headers)
    print(json.dumps({"id": job, "state": "accepted"}), flush=True)
    async for message in events.messages:
        event = json.loads(message.data)
        print(json.dumps(event), flush=True)
        if event["type"] in ("done", "failed", "cancelled"):
            await connection.close()
            return 0 if event["type"] == "done" else 1
    return 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", help="such as chat")
    parser.add_argument("body", help="the job's body, as JSON")
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--lane", choices=["interactive", "normal", "bulk"], default="normal")
    parser.add_argument("--version", type=int, default=1, help="of the kind's schema")
    parser.add_argument("--prefix", default="ruche", help="the setting nats.prefix")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
