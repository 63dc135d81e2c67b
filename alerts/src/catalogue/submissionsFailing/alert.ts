import { binary, firstOf, number, sum } from "../../promql/expression.ts";
import { counterOver, recorded } from "../../promql/series.ts";
import { badShareOfTotal, increase } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const fastMs = minutes(5);
const slowMs = minutes(15);
const SUBMISSIONS = { route: ["submit", "submit_batch"] } as const;
/** What the service answers when it is not the request that is wrong. */
const REFUSALS = ["rate_limit", "overload", "redis", "shutdown", "not_ready", "internal"] as const;

const answers = (rangeMs: number, cause: readonly string[]) =>
  sum([], increase(counterOver("mcp_http_requests_total", rangeMs, { ...SUBMISSIONS, cause })));

const tried: Signal = {
  record: "service:mcp_submissions:increase5m",
  labels: [],
  expression: answers(fastMs, ["none", ...REFUSALS]),
};

/**
 * Share of the submissions that the service did not accept. Where fewer than five were tried in five minutes, a quarter
 * of an hour decides.
 */
const signal: Signal = {
  record: "service:mcp_submissions_failed:ratio",
  labels: [],
  inputs: [tried],
  bridgesGaps: true,
  expression: firstOf(
    binary(answers(fastMs, REFUSALS), "/", binary(recorded(tried.record), ">=", number(5))),
    badShareOfTotal(answers(slowMs, REFUSALS), answers(slowMs, ["none", ...REFUSALS]), 3),
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
    `for ${facts.for}. Clients cannot hand in work; what was accepted before is processed.`,
  panel: "submissions",
  runbook,
  samples,
  fault: "refuse-submissions",
});
