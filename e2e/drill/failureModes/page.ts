import { type AlertName, alertNamed, minutes, PRODUCTION, scaleMs } from "@mcp-orchestrator/alerts";
import { type Measured, readMeasured } from "../campaign/measured.ts";
import { SCENARIOS } from "../episodes/scenarios.ts";
import { alertsOf } from "../judge/expectation.ts";
import { predict } from "../judge/prediction.ts";
import { type Recording, recordings } from "../recordings/recording.ts";
import { type Cell, COMPONENTS, type Proof } from "./cell.ts";
import { MATRIX } from "./matrix.ts";

/** Renders `docs/reference/failure-modes.md`. */
export function renderFailureModes(): string {
  const known = { recorded: new Map(recordings().map((one) => [one.id, one])), measured: readMeasured() };
  const cells = Object.values(MATRIX).flat();
  const isInjected = (proof: Proof) =>
    "drilled" in proof || ("campaign" in proof && proof.campaign.some((fault) => known.measured[fault] !== undefined));
  const injected = cells.filter(({ proofs }) => proofs.some(isInjected));
  const open = cells.filter(({ proofs }) => proofs.some((proof) => "open" in proof));
  return `${[
    "# Failure modes",
    "",
    "<!-- Generated from e2e/drill/failureModes by `npm run generate -w e2e`. -->",
    "",
    "What can fail, what is notified then, and how that is known. Each component has the ways in which it fails.",
    "",
    "- **Drilled**: the [fire drill](../../README.md#how-it-is-proven) injects it and follows every alert to its receivers. The time is from",
    "  the fault to the firing alert, in the recording of the drill under the rules as shipped; beside it what window, `for` and intervals predict.",
    "- **Campaign**: the [random campaign](../adr/random-campaign-judged-from-outside.md) or `npm run drill -- --matrix` injects it alone, for half",
    "  an hour or longer. The time is the longest until the first message, in minutes at production timing.",
    "- **Rules**: samples show what the rules do. No fault was injected.",
    "- **Test**: a test of the service on real servers shows it.",
    "- **Harmless**, **excluded**, **open**: no alert, and why. What is open was neither drilled nor shown.",
    "",
    `${cells.length} failure modes: ${injected.length} are injected for real, ${open.length} are open.`,
    ...COMPONENTS.flatMap((component) => [
      "",
      `## ${component}`,
      "",
      "| mode | what happens | how it is known, and what is notified |",
      "|---|---|---|",
      ...MATRIX[component].map((cell) => row(cell, known)),
    ]),
  ].join("\n")}\n`;
}

type Known = {
  readonly recorded: ReadonlyMap<string, Recording>;
  readonly measured: Readonly<Record<string, Measured>>;
};

function row({ mode, what, proofs }: Cell, known: Known): string {
  return `| ${mode} | ${what} | ${proofs.flatMap((proof) => describe(proof, known)).join("<br>")} |`;
}

function describe(proof: Proof, known: Known): string[] {
  if ("drilled" in proof) return proof.drilled.map((id) => drilled(id, known.recorded.get(id)));
  if ("campaign" in proof) return proof.campaign.map((fault) => inCampaign(fault, known.measured[fault]));
  if ("samples" in proof) {
    return Object.entries(proof.samples).map(([alert, name]) => `Rules: ${runbook(alert)}, "${name}"`);
  }
  if ("test" in proof) return [`Test: [${proof.test.split("/").at(-1)}](../../${proof.test})`];
  if ("harmless" in proof) return [`Harmless: ${proof.harmless}`];
  if ("excluded" in proof) return [`Excluded: ${proof.excluded}`];
  return [`Open: ${proof.open}`];
}

function drilled(id: string, recording: Recording | undefined): string {
  const scenario = SCENARIOS.find((one) => one.id === id);
  // Baselines, and episodes in which telemetry fails.
  if (scenario === undefined) return `Drilled: \`${id}\`, no false notification`;
  const { expectation } = scenario;
  const others = alertsOf(expectation).filter((name) => name !== scenario.alert && !expectation[name]?.inhibited);
  const { firingMs } = predict(scenario, PRODUCTION);
  const after = recording?.firesAfterSeconds;
  const timed = scenario.budgets === undefined ? "(not measured)" : "(timed by the drill only)";
  const took =
    after === undefined ? ` ${timed}, expected within` : ` after ${inMinutes(1000 * after)}, expected within`;
  const limit = `${inMinutes(firingMs)}`;
  const also = others.length === 0 ? "" : `, and ${others.map(runbook).join(", ")}`;
  return `Drilled: \`${id}\`, ${runbook(scenario.alert)}${took} ${limit}${also}`;
}

function inCampaign(fault: string, measured: Measured | undefined): string {
  if (measured === undefined) return `Not drilled alone yet: \`${fault}\` of the campaign`;
  const hurts =
    measured.hurts.length === 0 ? "no client hurt for long" : `clients are hurt: ${measured.hurts.join(", ")}`;
  const notified = Object.entries(measured.notified).map(([alert, after]) => `${runbook(alert)} after ${after} min`);
  return `Campaign: \`${fault}\`, ${hurts}; ${notified.join(", ") || "nothing notified"}`;
}

function runbook(alert: string): string {
  return `[${alertNamed(alert as AlertName).name}](../../alerts/generated/runbooks/${alert}.md)`;
}

function inMinutes(ms: number): string {
  return `${(ms / scaleMs(minutes(1), PRODUCTION)).toFixed(1)} min`;
}
