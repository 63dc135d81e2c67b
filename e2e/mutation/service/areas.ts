/** Folders of the service whose mistakes unit tests are to notice, below `orchestrator/src`. */
export const FOLDERS = ["metrics", "supervisor", "api", "queue"] as const;

const QUEUE = (name: string) => `orchestrator/test/queue/${name}.test.ts`;

/**
 * Tests that decide about the mutants of a script: first those that look at its values, which take a second, then the
 * suites in which workers run, which only what passed the first is shown to.
 */
export const SUITES: Readonly<Record<string, readonly string[]>> = {
  ahead: [QUEUE("inspection")],
  claim: [QUEUE("redelivery"), QUEUE("recovery"), QUEUE("acknowledgement")],
  complete: [QUEUE("completion"), QUEUE("acknowledgement"), QUEUE("failure")],
  deadLetters: [QUEUE("deadLetters"), QUEUE("failure")],
  death: [QUEUE("recovery"), QUEUE("crash")],
  discard: [QUEUE("revival"), QUEUE("deadLetters")],
  enqueue: [QUEUE("acceptance"), QUEUE("submission")],
  find: [QUEUE("inspection"), QUEUE("recovery")],
  group: [QUEUE("redelivery"), QUEUE("recovery")],
  handOver: [QUEUE("presence")],
  janitor: [QUEUE("leases"), QUEUE("recovery")],
  lease: [QUEUE("leases"), QUEUE("recovery")],
  presence: [QUEUE("presence")],
  promote: [QUEUE("promotion"), QUEUE("oddData"), QUEUE("submission")],
  reconcile: [QUEUE("lostWrites")],
  renewDeadLetterRecords: [QUEUE("oddData"), QUEUE("refusedWrites")],
  revive: [QUEUE("revival"), QUEUE("failure")],
  schema: ["orchestrator/test/process/upgrade.test.ts"],
  snapshot: [QUEUE("inspection"), QUEUE("oddData"), QUEUE("refusedWrites"), QUEUE("audit")],
  trimDeadLetters: [QUEUE("deadLetters")],
  unowned: [QUEUE("redelivery"), QUEUE("recovery")],
  writeOff: [QUEUE("audit")],
};

/** Name of an area: a folder of TypeScript, or a script. */
export type Area = (typeof FOLDERS)[number] | `lua/${string}`;

export const AREAS: readonly Area[] = [...FOLDERS, ...Object.keys(SUITES).map((script): Area => `lua/${script}`)];
