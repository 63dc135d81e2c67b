import type { Matrix } from "./cell.ts";

export const redisModes: Pick<Matrix, "Redis"> = {
  Redis: [
    {
      mode: "crash",
      what: "Redis is down, and comes back with its data",
      proofs: [{ campaign: ["Redis is down"] }, { test: "orchestrator/test/process/redisFaults.test.ts" }],
    },
    {
      mode: "hang",
      what: "Redis keeps its connections open and does not answer",
      proofs: [{ campaign: ["Redis hangs"] }],
    },
    {
      mode: "hang",
      what: "A script keeps Redis busy; every command is answered with BUSY",
      proofs: [{ campaign: ["Redis is busy"] }],
    },
    {
      mode: "slow",
      what: "Every answer of Redis is late by 120 ms",
      proofs: [{ campaign: ["the link to Redis: slow"] }],
    },
    {
      mode: "slow",
      what: "The state of the queues cannot be read in time, while tasks go on",
      proofs: [
        { drilled: ["redis-state-refused"] },
        { samples: { RedisStateUnknown: "a scrape that came too late for Redis is silent" } },
      ],
    },
    {
      mode: "wrong answer",
      what: "Redis has become a replica: every write is answered with READONLY",
      proofs: [{ campaign: ["Redis is a replica"] }],
    },
    {
      mode: "wrong answer",
      what: "Redis has become a replica without data, and answers MASTERDOWN",
      proofs: [{ campaign: ["Redis is a replica without data"] }],
    },
    {
      mode: "partial",
      what: "Redis wants replicas that it does not have, and rejects writes with NOREPLICAS",
      proofs: [{ campaign: ["Redis wants replicas"] }],
    },
    {
      mode: "partial",
      what: "Redis forgets the scripts that it had loaded",
      proofs: [{ campaign: ["Redis forgets scripts"] }],
    },
    {
      mode: "partial",
      what: "A replica of Redis has lost its master: its data may be stale",
      proofs: [{ samples: { RedisNotDurable: "a replica that has lost its master is named without a kind" } }],
    },
    {
      mode: "failover",
      what: "A replica of Redis becomes the master, with or without Sentinel",
      proofs: [{ test: "orchestrator/test/queue/topologies.test.ts" }],
    },
    {
      mode: "out of memory",
      what: "An unrelated key fills Redis above 70 % of its memory",
      proofs: [{ drilled: ["memory"] }],
    },
    {
      mode: "out of memory",
      what: "Redis is above its memory: every write is answered with OOM",
      proofs: [{ campaign: ["Redis is out of memory"] }, { test: "orchestrator/test/queue/memory.test.ts" }],
    },
    {
      mode: "out of disk",
      what: "A snapshot cannot be written",
      proofs: [{ drilled: ["snapshots-fail"] }],
    },
    {
      mode: "out of disk",
      what: "The append-only file cannot be written",
      proofs: [
        {
          samples: {
            RedisNotDurable:
              "pending from the first evaluation after a failed write, firing after 5m and not one evaluation earlier, then resolved",
          },
        },
      ],
    },
    {
      mode: "permission lost",
      what: "The service's user may not acknowledge",
      proofs: [{ drilled: ["ack-revoked", "ack-flapping"] }],
    },
    {
      mode: "permission lost",
      what: "The service's user may not read streams",
      proofs: [{ drilled: ["workers-starved"] }],
    },
    {
      mode: "permission lost",
      what: "The service's user may not add entries, to any stream",
      proofs: [{ drilled: ["submissions-refused"] }],
    },
    {
      mode: "permission lost",
      what: "The service's user may not read the stream of one type and lane",
      proofs: [{ campaign: ["starve ml express", "starve ml regular"] }],
    },
    {
      mode: "permission lost",
      what: "The service's user may not add entries to the stream of one type and lane",
      proofs: [
        { drilled: ["submissions-of-a-lane-refused"] },
        { campaign: ["refuse submissions of ml express", "refuse submissions of ml regular"] },
      ],
    },
    {
      mode: "permission lost",
      what: "Due retries cannot be put back into their queue",
      proofs: [{ drilled: ["promotion-refused"] }],
    },
    {
      mode: "connections cut",
      what: "Redis drops every connection of the service once a minute",
      proofs: [{ campaign: ["Redis drops connections"] }],
    },
    {
      mode: "data lost",
      what: "A waiting task is deleted from its stream out of band",
      proofs: [{ drilled: ["unaccounted"] }],
    },
    {
      mode: "data lost",
      what: "Redis restarts empty, or loses writes that it had acknowledged",
      proofs: [{ test: "orchestrator/test/queue/lostWrites.test.ts" }],
    },
  ],
};
