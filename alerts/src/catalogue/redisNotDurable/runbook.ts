import type { Facts } from "../alert.ts";
import { query, redis, redisLog, redisReplication } from "../runbooks/commands.ts";
import { CONTEXT, type Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `For ${facts.for}, Redis has failed to write its snapshot (\`rdb\`) or append-only file (\`aof\`), or is a replica ` +
    "without its master.",
  impact:
    "Tasks run. Do not restart Redis or its host before it writes again: what it accepted since the last good write would be " +
    "lost. It may also begin to reject writes.",
  first: [
    query("durable", "What fails? Without `kind`, replication does.", "kind:mcp_redis_durable:min == 0", {
      expected: "`0 {...}` with the label `kind`",
      firing: { matches: "^0 ", not: "1 {}" },
      healthy: { nothing: true },
    }),
    redis(
      "persistence",
      "What does Redis say about its last writes?",
      "INFO persistence | grep -E '^(rdb_last_bgsave_status|aof_last_write_status|aof_last_bgrewrite_status):'",
      {
        expected: "`rdb_last_bgsave_status:ok`, and `ok` on every line, once fixed",
        healthy: {
          matches: "(?<![\\s\\S])(?![\\s\\S]*:err)[\\s\\S]*^rdb_last_bgsave_status:ok",
          not: "rdb_last_bgsave_status:ok\naof_last_write_status:err",
        },
      },
    ),
    redisLog,
  ],
  diagnosis: [
    redisReplication,
    redis("data-folder", "Where does Redis write? Is that disk full, or read-only?", "CONFIG GET dir", CONTEXT),
  ],
  mitigation: [
    {
      cause: "The disk is full or read-only, or the file cannot be written",
      fault: "fail-snapshots",
      steps: [
        "Free the disk, but never delete `dump.rdb` or `appendonlydir`. A minute after this command, the second one above prints " +
          "`ok` on every line. If `aof` does not, call the owner of Redis.",
        {
          ...redis("bgsave", "Write a snapshot now.", "BGSAVE", {
            firing: { matches: "Background saving", not: "ERR Background save already in progress" },
          }),
          changes: true,
        },
      ],
    },
    {
      cause: "There is not enough memory for the fork",
      steps: ["Set `vm.overcommit_memory` to 1, or give the host more memory."],
    },
    {
      cause: "A replica has lost its master",
      steps: ["Check the master and the network to it. Let the service connect to the master."],
    },
  ],
  escalation: "Call the owner of Redis within the hour.",
  prevention: ["Run a replica, and set `REDIS_WAIT_REPLICAS`."],
  corrections: [],
  related: ["RedisMemoryHigh", "SubmissionsFailing"],
});
