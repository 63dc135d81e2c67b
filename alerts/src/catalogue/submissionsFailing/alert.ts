import { binary, firstOf, number, sum } from "../../promql/expression.ts";
import { counterOver } from "../../promql/series.ts";
import { badShareOfTotal, increase } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const fastMs = minutes(5);
const slowMs = minutes(15);
const SUBMISSIONS = { route: ["submit", "submit_batch"] } as const;
/** What the service answers when it is not the request that is wrong. */
export const REFUSED_REQUESTS = ["rate_limit", "overload", "redis", "shutdown", "not_ready", "internal"] as const;

const answers = (rangeMs: number, cause: readonly string[]) =>
  sum([], increase(counterOver("mcp_http_requests_total", rangeMs, { ...SUBMISSIONS, cause })));

const refused = (rangeMs: number) => answers(rangeMs, REFUSED_REQUESTS);
const tried = (rangeMs: number) => answers(rangeMs, ["none", ...REFUSED_REQUESTS]);

/**
 * Share of the submissions that the service did not accept. Where fewer than three were tried in five minutes, a quarter of
 * an hour decides.
 */
const signal: Signal = {
  record: "service:mcp_submissions_failed:ratio",
  labels: [],
  bridgesGaps: true,
  expression: firstOf(
    binary(refused(fastMs), "/", binary(tried(fastMs), ">=", number(3))),
    badShareOfTotal(refused(slowMs), tried(slowMs), 3),
  ),
};

export const submissionsFailing = defineAlert({
  name: "SubmissionsFailing",
  severity: "critical",
  signal,
  comparator: ">",
  threshold: { value: 0.5, unit: "ratio" },
  windowMs: fastMs,
  forMs: minutes(5),
  summary: (facts) => `The service does not accept tasks: more than ${facts.threshold} of the submissions fail`,
  description: (facts) =>
    `${facts.value} of the submissions of the last ${facts.window} were answered with 429 or 5xx, above ${facts.threshold} ` +
    `for ${facts.for}. Clients cannot submit tasks; accepted tasks are processed.`,
  panel: "submission-failures",
  runbook,
  samples,
  fault: "refuse-submissions",
});
