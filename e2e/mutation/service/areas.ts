import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const QUEUE = (name: string) => `orchestrator/test/queue/${name}.test.ts`;

/**
 * Folders of the service, below `orchestrator/src`, with the tests on real servers that decide about their mutants
 * besides the unit tests, the fastest first. A folder has its subfolders, except those that are listed.
 */
export const FOLDERS = {
  metrics: [],
  supervisor: ["orchestrator/test/process/workerProcess.test.ts"],
  api: ["orchestrator/test/api/openapi.test.ts"],
  "api/hooks": [],
  "api/routes": ["orchestrator/test/api/openapi.test.ts"],
  queue: ["revival", "redelivery", "oddData", "acceptance", "completion", "inspection", "submission"].map(QUEUE),
  "queue/submit": ["reconciliation", "replicas", "acceptance", "memory", "submission"].map(QUEUE),
  "queue/consume": ["oddData", "delivery", "acknowledgement", "load", "recovery", "failure", "connections"].map(QUEUE),
  "queue/complete": ["completion", "memory", "acknowledgement", "failure"].map(QUEUE),
  "queue/recover": ["promotion", "presence", "redelivery", "oddData", "leases", "recovery"].map(QUEUE),
  "queue/inspect": [
    ...["deadLetters", "revival", "refusedWrites", "oddData", "inspection", "audit"].map(QUEUE),
    "orchestrator/test/api/lookup.test.ts",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * Tests that decide about the mutants of a script: first those of its values, half a second each; then the suites with
 * workers, which take ten times as long and see only what passed the first.
 */
export const SUITES: Readonly<Record<string, readonly string[]>> = {
  ahead: ["inspection", "refusedWrites"].map(QUEUE),
  claim: ["redelivery", "oddData", "recovery", "acknowledgement"].map(QUEUE),
  complete: ["completion", "oddData", "memory", "deadLetters", "revival", "refusedWrites", "acknowledgement"].map(
    QUEUE,
  ),
  deadLetters: ["deadLetters", "revival", "oddData", "refusedWrites"].map(QUEUE),
  death: ["redelivery", "recovery"].map(QUEUE),
  discard: ["revival", "completion", "deadLetters"].map(QUEUE),
  enqueue: ["acceptance", "inspection", "completion", "oddData", "memory", "reconciliation", "submission"].map(QUEUE),
  find: ["inspection", "completion", "oddData", "revival", "deadLetters", "mixedReleases", "refusedWrites"].map(QUEUE),
  group: ["redelivery", "inspection", "recovery"].map(QUEUE),
  releaseReplica: ["presence", "leases"].map(QUEUE),
  janitor: ["leases", "presence", "recovery"].map(QUEUE),
  lease: ["leases", "presence", "redelivery", "recovery"].map(QUEUE),
  presence: ["presence", "leases"].map(QUEUE),
  promote: ["promotion", "oddData", "inspection", "submission"].map(QUEUE),
  reconcile: ["reconciliation", "audit"].map(QUEUE),
  renewDeadLetterRecords: ["oddData", "refusedWrites", "deadLetters", "revival"].map(QUEUE),
  revive: ["revival", "deadLetters", "oddData"].map(QUEUE),
  schema: ["orchestrator/test/redis/schema.test.ts"],
  "shared/forget": ["deadLetters", "revival", "completion"].map(QUEUE),
  "shared/has": ["deadLetters", "revival", "acceptance"].map(QUEUE),
  "shared/waits": ["inspection", "acceptance", "promotion"].map(QUEUE),
  "shared/withoutWrongType": ["oddData", "redelivery", "inspection"].map(QUEUE),
  snapshot: ["inspection", "oddData", "refusedWrites", "audit"].map(QUEUE),
  trimDeadLetters: ["deadLetters", "completion", "oddData", "revival"].map(QUEUE),
  unowned: ["redelivery", "oddData", "recovery"].map(QUEUE),
  waiting: ["inspection"].map(QUEUE),
  writeOff: ["audit"].map(QUEUE),
};

/** The files of a folder whose mutants are tried, from the root. */
export function filesOf(folder: keyof typeof FOLDERS): string[] {
  const source = "orchestrator/src";
  const others = Object.keys(FOLDERS).filter((other) => other.startsWith(`${folder}/`));
  return globSync(`${source}/${folder}/**/*.ts`, {
    cwd: ROOT,
    exclude: ["**/*.test.ts", "**/testing/**", ...others.map((other) => `${source}/${other}/**`)],
  }).toSorted();
}

/** Name of an area: a folder of TypeScript, or a script. */
export type Area = keyof typeof FOLDERS | `lua/${string}`;

export const AREAS: readonly Area[] = [
  ...(Object.keys(FOLDERS) as (keyof typeof FOLDERS)[]),
  ...Object.keys(SUITES).map((script): Area => `lua/${script}`),
];
