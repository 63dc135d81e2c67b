import { type Bundle, PRODUCTION } from "@mcp-orchestrator/alerts";
import { inSeconds } from "../duration.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import { scrapeWindowsMs } from "../needs.ts";
import type { PrometheusApi, Sample } from "../servers.ts";
import type { Check } from "./check.ts";

/** A metric that every replica always has. */
const ALWAYS_THERE = "mcp_redis_up";
/** A `rate` needs two samples in its window, and is steady only with more. */
const SAMPLES_PER_WINDOW = 4;
const SHORTEST_WINDOW_MS = Math.min(...scrapeWindowsMs());
const LONGEST_INTERVAL_SECONDS = SHORTEST_WINDOW_MS / SAMPLES_PER_WINDOW / 1_000;
const PROVEN_INTERVAL_SECONDS = PRODUCTION.prometheus.scrapeIntervalMs / 1_000;
/** Accuracy of the scrape interval on a busy server. */
const TOLERANCE = 1.2;
const WINDOW = "5m";

/** Checks that the service is scraped under the job, with the labels and the interval of the rules. */
export const targets: Check = {
  title: "Targets",
  asks: ["prometheus"],
  async examine({ prometheus, installation: { bundle } }) {
    const matching = selectorOf({ job: bundle.job, ...bundle.selector });
    const found = await prometheus.query(`up${matching}`);
    if (found.length === 0) return [await missing(prometheus, bundle)];
    return [
      await reachable(prometheus, bundle, found),
      await singleJob(prometheus, bundle),
      scopeLabels(bundle, found),
      copies(bundle, found),
      interval(await prometheus.sampleTimes(`up${matching}[${WINDOW}]`)),
    ].flat();
  },
};

async function missing(prometheus: PrometheusApi, { job, selector }: Bundle): Promise<Finding> {
  const ofJob = await prometheus.query(`up${selectorOf({ job })}`);
  if (ofJob.length > 0) {
    const differing = Object.entries(selector).filter(([label, value]) =>
      ofJob.every(({ labels }) => labels[label] !== value),
    );
    return problem(
      "selector",
      `the targets of job ${job} do not have ${differing.map(([label, value]) => `${label}="${value}"`).join(", ")}`,
      "Correct `selector` in bundle.config.ts, or give the targets these labels in the scrape job; then `npm run generate`.",
    );
  }
  const elsewhere = jobsOf(await prometheus.query(`count by (job) (${ALWAYS_THERE})`));
  if (elsewhere.length > 0) {
    return problem(
      "job",
      `no target has job="${job}"; metrics of the service arrive with job ${quoted(elsewhere)}`,
      `Set \`job: ${quoted(elsewhere.slice(0, 1))}\` in bundle.config.ts and run \`npm run generate\`, or give the scrape job the name ${job}.`,
    );
  }
  return problem(
    "job",
    `no target has job="${job}", and no metric of the service arrives`,
    "Add the job of alerts/generated/scrape.yml to `scrape_configs`, with the addresses of your replicas.",
  );
}

async function reachable(prometheus: PrometheusApi, { job }: Bundle, found: readonly Sample[]): Promise<Finding[]> {
  const down = found.filter(({ value }) => value === 0);
  if (down.length === 0) return [ok("job", `${count(found.length, "target")} of job ${job}, all up`)];
  const known = (await prometheus.targets()) ?? [];
  return down.map(({ labels: { instance = "" } }) => {
    const reason = known.find(({ labels }) => labels.job === job && labels.instance === instance)?.lastError ?? "";
    return problem(
      instance,
      `the last scrape failed${reason === "" ? "" : `: ${reason}`}`,
      "Check that the service runs and that Prometheus can reach its port (firewall, NetworkPolicy, TLS).",
    );
  });
}

/** Rules select metrics of the service by the selector only: another job with the same metrics would be added. */
async function singleJob(prometheus: PrometheusApi, { job, selector, scope }: Bundle): Promise<Finding[]> {
  if (scope.labels.length > 0) return [];
  const others = jobsOf(await prometheus.query(`count by (job) (${ALWAYS_THERE}${selectorOf(selector)})`)).filter(
    (each) => each !== job,
  );
  if (others.length === 0) return [];
  return [
    problem(
      "job",
      `metrics of the service also arrive with job ${quoted(others)}: the rules add up two installations`,
      "Distinguish the installations by a label: `scope.labels` in bundle.config.ts for rules that cover both, or `selector` " +
        "for rules of one alone.",
    ),
  ];
}

function scopeLabels({ scope, deployment }: Bundle, found: readonly Sample[]): Finding[] {
  if (scope.labels.length === 0) return [];
  const unlabelled = scope.labels.filter((label) => found.some(({ labels }) => (labels[label] ?? "") === ""));
  if (unlabelled.length > 0) {
    return [
      problem(
        "scope labels",
        `targets without ${unlabelled.join(", ")}: alerts about them belong to no installation`,
        "Add the label in the scrape job (`labels`, or a relabeling), or correct `scope.labels` in bundle.config.ts. " +
          "`external_labels` are added when data leave Prometheus, and its own rules do not see them.",
      ),
    ];
  }
  const idOf = (labels: Readonly<Record<string, string>>) =>
    scope.labels.map((label) => `${label}="${labels[label]}"`).join(", ");
  const expected = new Set(scope.installations.map(idOf));
  const present = new Set(found.map(({ labels }) => idOf(labels)));
  const gone = [...expected].filter((id) => !present.has(id));
  const unknown = [...present].filter((id) => !expected.has(id));
  return [
    ...gone.map((id) =>
      problem(
        "installation",
        `no target has ${id}`,
        deployment === "kubernetes"
          ? "Start it, or scrape it. If an overlay has another namespace, name it: `npm run doctor -- --namespace NAME`."
          : "Start it, scrape it, or take it out of `scope.installations`.",
      ),
    ),
    ...unknown.map((id) =>
      problem(
        "installation",
        `targets with ${id} belong to no installation of the bundle: when they are all gone, no alert names them`,
        "Add it to `scope.installations` in bundle.config.ts and run `npm run generate`.",
      ),
    ),
    ...(gone.length + unknown.length > 0 ? [] : [ok("scope labels", [...present].join("; "))]),
  ];
}

/** The same target more than once: scraped by two Prometheus servers. */
function copies({ scope }: Bundle, found: readonly Sample[]): Finding[] {
  const replica = new Set(scope.replicaLabels);
  const groups = Map.groupBy(found, ({ labels }) =>
    ["instance", ...scope.labels].map((label) => labels[label] ?? "").join("\n"),
  );
  const doubled = [...groups.values()].filter(({ length }) => length > 1);
  const names = doubled.flatMap((group) => {
    const all = new Set(group.flatMap(({ labels }) => Object.keys(labels)));
    return [...all].filter((label) => new Set(group.map(({ labels }) => labels[label])).size > 1);
  });
  const unknown = [...new Set(names)].filter((label) => !replica.has(label));
  if (unknown.length > 0) {
    return [
      problem(
        "copies",
        `each series arrives more than once, with another ${unknown.join(", ")}: sums count it as many times`,
        `Set \`scope.replicaLabels: ${JSON.stringify(unknown)}\` in bundle.config.ts and run \`npm run generate\`, or let the ` +
          "store deduplicate.",
      ),
    ];
  }
  return replica.size === 0 ? [] : [ok("copies", `distinguished by ${[...replica].join(", ")}`)];
}

function interval(times: readonly (readonly number[])[]): Finding[] {
  const gaps = times.flatMap((each) => each.slice(1).map((at, index) => at - (each[index] ?? at)));
  if (gaps.length === 0) {
    return [
      warning(
        "scrape interval",
        `only one sample of each target in ${WINDOW}`,
        `Scrape every ${PROVEN_INTERVAL_SECONDS} s; if scraping has just begun, run this again in a minute.`,
      ),
    ];
  }
  const seconds = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
  // Scrapes jitter by tenths of a second.
  const what = `a sample every ${inSeconds(Math.round(seconds))}`;
  if (seconds <= PROVEN_INTERVAL_SECONDS * TOLERANCE) return [ok("scrape interval", what)];
  const remedy = `Set \`scrape_interval: ${PROVEN_INTERVAL_SECONDS}s\` in the scrape job.`;
  if (seconds > LONGEST_INTERVAL_SECONDS * TOLERANCE) {
    const windowMinutes = SHORTEST_WINDOW_MS / 60_000;
    return [
      problem("scrape interval", `${what}: too few in the ${windowMinutes} min that the rules look back`, remedy),
    ];
  }
  return [
    warning(
      "scrape interval",
      `${what}; the alerts were tested at ${PROVEN_INTERVAL_SECONDS} s and fire later`,
      remedy,
    ),
  ];
}

function selectorOf(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(", ")}}`;
}

const jobsOf = (samples: readonly Sample[]) => samples.map(({ labels }) => labels.job ?? "").toSorted();
const quoted = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(", ");
const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;
