import {
  ALERTS,
  type AlertName,
  BUNDLE,
  CONTEXT,
  commandsOf,
  commandText,
  minutes,
  PRODUCTION,
  parseDuration,
  ruleFile,
  withOutput,
} from "@mcp-orchestrator/alerts";
import type { LoadPlan } from "../../services/load/load.ts";
import { CHAT_TYPES, everyType } from "../../services/load/rates.ts";
import {
  type ActiveFault,
  type AlertmanagerFaultContext,
  type DrilledFaultId,
  FAULT_INJECTIONS,
  type RulesFaultContext,
} from "../faults/index.ts";
import { type FaultPlan, longestRangeMs, planFor, type RunbookCommand } from "../runbooks/plan.ts";
import type { InstanceOf, RunbookRunner } from "../runbooks/runbookRunner.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

/**
 * Faults by hand that do not hide each other, so that they can be there at the same time: a fault needs a scrape or two
 * to be seen, and so do many at once. The compose suite runs every command of their runbooks under them; natively, where
 * the drill runs the diagnosis, a suite runs what else they print. The type leaves out those that only the drill's stack
 * can have.
 */
export const ROUNDS = [
  [
    "lose-an-entry",
    "stall-upstream-small-backlog",
    "stall-upstream-flood",
    "very-slow-upstream",
    "fill-redis",
    "flap-ack",
  ],
  ["failing-upstream", "pause-with-an-old-task", "kill-workers-of-a-type", "leave-bypass-on", "fail-snapshots"],
  ["slow-upstream", "kill-workers", "refuse-redis-state"],
  ["revoke-ack", "refuse-promotion", "hang-a-worker"],
  ["scale-type-to-zero", "refuse-submissions", "starve-workers"],
  ["refuse-submissions-of-a-lane"],
  ["stop-service"],
  // Prometheus sees the others while the message of the last waits.
  ["break-a-rule", "break-alertmanager-configuration", "revoke-webhook"],
] as const satisfies readonly (readonly DrilledFaultId[])[];

export type RoundFault = (typeof ROUNDS)[number][number];

/** The faults in no round, and why. Runbooks of some are opened under another fault. */
export const LEFT_OUT = {
  "slow-calls": "A share of slow calls is seen after hours.",
  "failing-calls": "The same.",
  "flap-service": "Only the drill has something between Prometheus and the service.",
  "hide-a-replica": "It takes a second replica, and another configuration of Prometheus.",
} as const satisfies Readonly<Record<Exclude<DrilledFaultId, RoundFault>, string>>;

/** Runbooks of those, by a fault of a round that resembles theirs. Their commands run, and claim nothing about it. */
const OPENED_TOO: Partial<Record<RoundFault, readonly AlertName[]>> = {
  "very-slow-upstream": ["ExpressBudgetBurnsSlowly"],
  "failing-upstream": ["SuccessBudgetBurnsSlowly"],
  "stop-service": ["ServiceUnstable", "ReplicasMissing"],
};

/** Tasks per second that a round works with; its faults add market tasks, except the one that refuses those of clients. */
export function loadOf(faults: readonly RoundFault[]): LoadPlan {
  const needsMarket = faults.includes("refuse-submissions-of-a-lane");
  return { express: everyType(0.5, CHAT_TYPES), regular: everyType(0.5, needsMarket ? undefined : CHAT_TYPES) };
}

/** What a round has of the stack. */
export type RoundContext = AlertmanagerFaultContext &
  RulesFaultContext & {
    /** Stops the main process with SIGSTOP. Its workers continue. */
    hang(): Promise<void>;
  };

/** Each recorded series with its expression, and how often it is evaluated. */
const RECORDED = ruleFile(PRODUCTION).groups.flatMap(({ interval, rules }) =>
  rules.flatMap((rule) => ("record" in rule ? [{ ...rule, everyMs: parseDuration(interval) }] : [])),
);

/** Whether a query, or a recorded series that it reads, has a range: it shows a fault for a while after its end. */
export function remembers(text: string, recorded = RECORDED): boolean {
  const others = (own: string) => recorded.filter(({ record }) => record !== own);
  return (
    longestRangeMs(text) > 0 ||
    recorded.some(({ record, expr }) => text.includes(record) && remembers(expr, others(record)))
  );
}

/**
 * The command as a round checks it: only run where its query reads what is evaluated in minutes. That a target is down is
 * seen only until Prometheus' next look at the DNS, which has no name for a stopped container.
 */
function inRound({ alert, command }: RunbookCommand): RunbookCommand {
  const text = commandText(command, "compose");
  const isSeldom = RECORDED.some(({ record, everyMs }) => text.includes(record) && everyMs >= minutes(1));
  return isSeldom || alert === "OrchestratorTargetDown" ? withoutClaim({ alert, command }) : { alert, command };
}

/** The command is only run. */
function withoutClaim({ alert, command }: RunbookCommand): RunbookCommand {
  return { alert, command: withOutput(command, CONTEXT) };
}

/** What a command that changes something prints does not depend on the cause. */
function withoutClaimIfItLooks(one: RunbookCommand): RunbookCommand {
  return one.command.changes ? one : withoutClaim(one);
}

/** The commands of one fault of a round. */
type RoundPlan = Pick<FaultPlan, "diagnosis" | "mitigation"> & {
  readonly fault: RoundFault;
  /** What its runbooks, and those opened beside them, do about other causes. */
  readonly others: readonly RunbookCommand[];
  readonly fixedByRunbook: boolean;
};

const opens = ({ alert, runbooks = [alert] }: Scenario): readonly AlertName[] => runbooks;
const scenariosOf = (fault: RoundFault) => SCENARIOS.filter((scenario) => scenario.fault === fault);

/** The commands of a round, fault after fault. */
export function plansOf(faults: readonly RoundFault[]): RoundPlan[] {
  return faults.map((fault) => {
    const own = scenariosOf(fault);
    const plan = (cause: DrilledFaultId, alerts: readonly AlertName[]) =>
      planFor(cause, alerts, BUNDLE.expectedReplicas, "round");
    const { diagnosis, mitigation, otherCauses } = plan(fault, [...new Set(own.flatMap(opens))]);
    const openedToo = SCENARIOS.filter(({ alert }) => OPENED_TOO[fault]?.includes(alert)).map((scenario) =>
      plan(scenario.fault, [scenario.alert]),
    );
    return {
      fault,
      diagnosis,
      mitigation: [...mitigation, ...openedToo.flatMap((one) => one.mitigation).map(withoutClaimIfItLooks)],
      others: [
        ...openedToo.flatMap((one) => one.diagnosis).map(withoutClaim),
        ...[...otherCauses, ...openedToo.flatMap((one) => one.otherCauses)].map(withoutClaimIfItLooks),
      ],
      fixedByRunbook: own.some((one) => one.fixedByRunbook),
    };
  });
}

/**
 * Injects the faults of a round, runs the commands of the runbooks of their alerts, also those for other causes, removes
 * the faults that their runbook does not fix, and runs the commands that fix the others.
 *
 * @param diagnosed whether the diagnosis is run too
 * @returns the commands that looked
 * @throws with what a command showed instead of what it must
 */
export async function runRound(
  faults: readonly RoundFault[],
  context: RoundContext,
  runner: RunbookRunner,
  { diagnosed }: { readonly diagnosed: boolean },
): Promise<readonly RunbookCommand[]> {
  const scenarios = faults.flatMap(scenariosOf);
  // Of the fault of this alert: others that make it fire too may do so elsewhere.
  const instanceOf: InstanceOf = (name) =>
    scenarios.find((scenario) => opens(scenario).includes(name as AlertName))?.expectation[name as AlertName]
      ?.instances[0] ?? {};
  const plans = plansOf(faults);
  const diagnosis = diagnosed ? plans.flatMap((plan) => plan.diagnosis.map(inRound)) : [];
  const active = new Map<RoundFault, ActiveFault>();
  try {
    for (const fault of faults) active.set(fault, await FAULT_INJECTIONS[fault](context));
    await runner.diagnose(diagnosis, instanceOf);
    const others = plans.flatMap((plan) => plan.others);
    await runner.mitigate(onceEach(others, runner), instanceOf);
    for (const { fault, fixedByRunbook } of plans) {
      const { restore, remove } = active.get(fault) ?? {};
      if (!fixedByRunbook) await (restore ?? remove)?.();
    }
    for (const { mitigation } of plans) await runner.mitigate(mitigation, instanceOf);
    for (const { requireEnded } of active.values()) await requireEnded?.();
  } catch (error) {
    for (const one of active.values()) await one.remove();
    throw error;
  }
  return diagnosis;
}

/** Commands with the same text do the same. */
function onceEach(commands: readonly RunbookCommand[], { deployment }: RunbookRunner): RunbookCommand[] {
  return [...new Map(commands.map((one) => [commandText(one.command, deployment), one])).values()];
}

/** The command that restarts the replicas, by a runbook that prints it; its text is the same in all. */
const ROLLING_RESTART = ALERTS.flatMap(({ name, runbook }) =>
  commandsOf(runbook).flatMap((command) => (command.id === "rolling-restart" ? [{ alert: name, command }] : [])),
);

/**
 * Runs the restart of the replicas where their runbooks print it: a type has another number of workers than configured,
 * and the main process hangs.
 *
 * @returns how many workers of that type the service must have again
 * @throws RunbookError unless the replicas become ready
 */
export async function restartUnderFaults(context: RoundContext, runner: RunbookRunner): Promise<number> {
  const configured = await context.api.wantedWorkers("ml");
  await FAULT_INJECTIONS["scale-type-to-zero"](context);
  await context.hang();
  await runner.mitigate(onceEach(ROLLING_RESTART, runner), () => ({}));
  return configured;
}
