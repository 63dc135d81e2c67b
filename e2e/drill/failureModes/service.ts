import type { Matrix } from "./cell.ts";

type Components = "Main process" | "Worker processes of all types" | "Workers of one type" | "Upstream APIs";

export const serviceModes: Pick<Matrix, Components> = {
  "Main process": [
    { mode: "crash", what: "The only replica is stopped", proofs: [{ drilled: ["service-stopped"] }] },
    {
      mode: "partial",
      what: "One of two replicas is stopped; Prometheus still lists it",
      proofs: [{ drilled: ["replica-stopped"] }, { campaign: ["a replica is down"] }],
    },
    {
      mode: "gone from discovery",
      what: "Service discovery no longer lists one of two replicas",
      proofs: [{ drilled: ["replica-hidden"] }],
    },
    {
      mode: "crash loop",
      what: "A main process is killed and restarted every few minutes",
      proofs: [{ campaign: ["a main process crashes now and then"] }],
    },
    {
      mode: "hang",
      what: "A main process hangs: its sockets accept and nothing answers",
      proofs: [{ campaign: ["a main process hangs"] }],
    },
    {
      mode: "flapping",
      what: "The service is unreachable for a minute in every minute and a half",
      proofs: [{ drilled: ["service-flapping"] }],
    },
    {
      mode: "restart",
      what: "A rolling restart of two replicas under load",
      proofs: [{ drilled: ["rolling-restart"] }],
    },
    {
      mode: "restart",
      what: "A deploy every three minutes",
      proofs: [{ samples: { ServiceUnstable: "a deploy every three minutes, with half a minute down, is silent" } }],
    },
    {
      mode: "out of memory",
      what: "A main process is killed for its memory",
      proofs: [{ harmless: "To its clients and to the rules that is a crash, which is above." }],
    },
    {
      mode: "out of disk",
      what: "The log file cannot be written",
      proofs: [{ test: "orchestrator/src/log.test.ts" }],
    },
  ],
  "Worker processes of all types": [
    {
      mode: "crash loop",
      what: "A worker is killed every second, of each type in turn",
      proofs: [{ drilled: ["crashes"] }],
    },
    {
      mode: "partial",
      what: "Fewer than three quarters of the workers consume",
      proofs: [{ drilled: ["worker-hangs"] }],
    },
    {
      mode: "out of memory",
      what: "Workers are killed for their memory, one every few minutes",
      proofs: [{ campaign: ["crashes of ml now and then"] }, { test: "orchestrator/test/process/crashes.test.ts" }],
    },
  ],
  "Workers of one type": [
    {
      mode: "crash",
      what: "The workers of a type are scaled to zero while tasks come in",
      proofs: [{ drilled: ["type-scaled-to-zero"] }],
    },
    {
      mode: "crash",
      what: "The workers of a type are scaled to zero, in one replica of several or in the only one",
      proofs: [{ campaign: ["scale reasoning to zero", "scale ml to zero"] }],
    },
    {
      mode: "crash loop",
      what: "The worker of a type dies again and again, too seldom for a rate",
      proofs: [{ drilled: ["crashes-of-a-type"] }],
    },
    {
      mode: "crash loop",
      what: "Every worker of a type dies as soon as it starts",
      proofs: [{ campaign: ["crash loop of ml", "crash loop of reasoning"] }],
    },
    { mode: "hang", what: "One of two workers of a type hangs", proofs: [{ drilled: ["worker-hangs"] }] },
    {
      mode: "hang",
      what: "The only worker of a type hangs, until the main process kills it",
      proofs: [{ campaign: ["hang the worker of ml"] }],
    },
    {
      mode: "wrong answer",
      what: "A task takes its worker down each time: it is set aside as poison",
      proofs: [{ test: "orchestrator/test/process/crashes.test.ts" }],
    },
    {
      mode: "wrong answer",
      what: "A single task fails, and a single acknowledgement, in an idle system",
      proofs: [{ drilled: ["single-failures"] }],
    },
    {
      mode: "slow",
      what: "A handler of a type is slow in its own code",
      proofs: [
        {
          harmless: "The rules see the time of tasks, not its cause: the same as a slow upstream API, which is below.",
        },
      ],
    },
  ],
  "Upstream APIs": [
    { mode: "slow", what: "The chat API answers in 0.2 s", proofs: [{ drilled: ["latency-high"] }] },
    { mode: "slow", what: "The chat API answers in 0.8 s", proofs: [{ drilled: ["latency-critical"] }] },
    {
      mode: "slow",
      what: "The chat API is slow, and there is one task in four minutes",
      proofs: [{ drilled: ["rare-tasks-slow", "budget-of-rare-tasks"] }],
    },
    { mode: "slow", what: "The market API alone is slow", proofs: [{ campaign: ["market answers slowly"] }] },
    {
      mode: "hang",
      what: "The market API holds requests, and a backlog grows",
      proofs: [{ drilled: ["lag", "depth"] }],
    },
    {
      mode: "hang",
      what: "An API holds requests for longer than the timeout of a task",
      proofs: [{ campaign: ["chat hangs", "market hangs"] }],
    },
    {
      mode: "wrong answer",
      what: "The chat API rejects every request with 400",
      proofs: [{ drilled: ["failures", "budget-of-failures"] }],
    },
    {
      mode: "partial",
      what: "The chat API rejects one request in 40",
      proofs: [{ drilled: ["budget-of-failing-calls"] }],
    },
    {
      mode: "partial",
      what: "The chat API answers one request in 40 in 0.8 s",
      proofs: [{ drilled: ["budget-of-slow-calls"] }],
    },
    {
      mode: "wrong answer",
      what: "An API rejects half of the requests with 400",
      proofs: [{ campaign: ["chat rejects half of the calls", "market rejects half of the calls"] }],
    },
    {
      mode: "wrong answer",
      what: "An API answers 500 to half of the requests",
      proofs: [{ campaign: ["chat fails half of the calls", "market fails half of the calls"] }],
    },
    {
      mode: "wrong answer",
      what: "An API answers with text that is not JSON",
      proofs: [{ test: "orchestrator/test/upstream/upstreams.test.ts" }],
    },
    {
      mode: "crash",
      what: "An API answers 503 to every request",
      proofs: [{ campaign: ["chat is down", "market is down"] }],
    },
    {
      mode: "partial",
      what: "An API limits the rate: 429",
      proofs: [{ campaign: ["chat limits the rate", "market limits the rate"] }],
    },
    {
      mode: "permission lost",
      what: "An API no longer accepts the credentials: 401",
      proofs: [{ campaign: ["chat does not accept the credentials", "market does not accept the credentials"] }],
    },
  ],
};
