import type { Matrix } from "./cell.ts";

export const outsideModes: Pick<Matrix, "Network" | "Clients" | "Operators" | "Clocks"> = {
  Network: [
    {
      mode: "connections cut",
      what: "Connections of the service to Redis are reset, new ones at once",
      proofs: [{ campaign: ["the link to Redis: refuse"] }],
    },
    {
      mode: "hang",
      what: "Nothing passes between the service and Redis, in both directions",
      proofs: [{ campaign: ["the link to Redis: silent"] }],
    },
    {
      mode: "partial",
      what: "Requests reach Redis and answers do not come back",
      proofs: [{ campaign: ["the link to Redis: answersHeld"] }],
    },
    {
      mode: "flapping",
      what: "Redis is silent for 150 ms in every 900",
      proofs: [{ campaign: ["the link to Redis pauses"] }],
    },
    {
      mode: "connections cut",
      what: "Prometheus cannot reach the service, which works",
      proofs: [
        {
          samples: { NoActiveWorkers: "a target that is down fires even while its old sample is still looked back to" },
        },
        { drilled: ["service-flapping"] },
      ],
    },
    {
      mode: "connections cut",
      what: "Prometheus cannot reach Alertmanager",
      proofs: [{ excluded: "Nothing can be notified: the dead man's switch stops receiving the Watchdog and calls." }],
    },
    {
      mode: "connections cut",
      what: "Clients cannot reach the service, which works",
      proofs: [{ excluded: "The service sees no request. It needs a probe where the clients are." }],
    },
  ],
  Clients: [
    { mode: "left-over switch", what: "No client submits anything", proofs: [{ drilled: ["idle"] }] },
    { mode: "partial", what: "Clients submit a steady load", proofs: [{ drilled: ["steady-load"] }] },
    { mode: "partial", what: "A burst that is drained in time", proofs: [{ drilled: ["burst"] }] },
    {
      mode: "wrong answer",
      what: "Clients send requests that are wrong themselves",
      proofs: [
        {
          samples: {
            SubmissionsFailing:
              "batches and all replicas count together; requests that are wrong themselves do not count, nor do other routes",
          },
        },
      ],
    },
  ],
  Operators: [
    {
      mode: "left-over switch",
      what: "A type is paused while a task waits",
      proofs: [{ drilled: ["paused-with-an-old-task"] }],
    },
    {
      mode: "left-over switch",
      what: "A type is paused, and clients wait",
      proofs: [{ campaign: ["pause ml", "pause reasoning", "pause codegen"] }],
    },
    { mode: "left-over switch", what: "The express bypass stays on", proofs: [{ drilled: ["bypass-left-on"] }] },
    { mode: "left-over switch", what: "The rate limit stays at 0", proofs: [{ campaign: ["the rate limit is 0"] }] },
    {
      mode: "left-over switch",
      what: "The rate limit stays at one task a second",
      proofs: [{ campaign: ["the rate limit is 1"] }],
    },
    {
      mode: "wrong answer",
      what: "An operator runs the commands of the runbooks in a healthy system",
      proofs: [{ drilled: ["runbook-commands"] }],
    },
  ],
  Clocks: [
    {
      mode: "wrong answer",
      what: "The clock of a replica steps by up to an hour",
      proofs: [{ test: "e2e/suites/chaos/chaos.test.ts" }],
    },
    {
      mode: "wrong answer",
      what: "The clock of Prometheus steps",
      proofs: [{ open: "Samples get other times, and windows other contents. It was not drilled." }],
    },
    {
      mode: "wrong answer",
      what: "The clock of Redis steps",
      proofs: [{ test: "orchestrator/test/queue/oddData.test.ts" }],
    },
  ],
};
