import { FAULT_SIZES } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES } from "mcp-orchestrator/contract";
import type { TaskType } from "../../services/load/load.ts";
import { until } from "../../testkit/until.ts";
import { AclUser } from "./acl.ts";
import { type ActiveFault, FaultError, type InjectFault } from "./fault.ts";
import type { CommonFaultContext } from "./faultContext.ts";
import { repeated, rest } from "./repeated.ts";

/**
 * Kills one worker of each type in turn. The others of each type are left alone, so that tasks are still processed and
 * only the crashes are wrong.
 */
export const killWorkers: InjectFault = async (context) => {
  const { service } = context;
  // Each start takes a core for a moment, which must not slow the tasks of other stacks.
  await service.lowerPriority(true);
  const killing = killInTurn(context, BUILT_IN_TYPES, FAULT_SIZES.killIntervalMs);
  return {
    remove: async () => {
      await killing.remove();
      await service.lowerPriority(false);
    },
  };
};

/** Kills the worker of one type now and then, not that of another replica. */
export const killWorkersOfAType: InjectFault = (context) => killWorkersOf("ml", FAULT_SIZES.seldomKillMs)(context);

/** Kills the worker of a type again and again. */
export function killWorkersOf(type: TaskType, intervalMs: number): InjectFault {
  return async (context) => killInTurn(context, [type], intervalMs);
}

function killInTurn(
  { api, signalWorker, signal }: CommonFaultContext,
  types: readonly TaskType[],
  intervalMs: number,
): ActiveFault {
  let dueAtMs = performance.now();
  let turn = 0;
  return repeated(signal, async (ended) => {
    const type = types[turn % types.length];
    turn += 1;
    const victim = (await api.workers()).find((worker) => worker.type === type && worker.index === 0);
    if (victim?.pid !== undefined) await signalWorker(victim.pid, "SIGKILL");
    dueAtMs += intervalMs;
    await rest(dueAtMs - performance.now(), ended);
  });
}

/** The service runs and accepts tasks, but its workers cannot read them. */
export const starveWorkers: InjectFault = async ({ admin, aclUser }) => {
  const user = new AclUser(admin, aclUser);
  await user.revoke(["xreadgroup"]);
  return { remove: () => user.grant(["xreadgroup"]) };
};

/** Longer than the longest pause before a restart. */
const RESTARTED_MS = 20_000;

/** A worker hangs, as under a debugger; that of the other replica continues. */
export const hangAWorker: InjectFault = hangTheWorkerOf("ml");

/** The worker of a type hangs. The service may kill it meanwhile. */
export function hangTheWorkerOf(wanted: TaskType): InjectFault {
  return async ({ api, signalWorker, signal }) => {
    // After a fault that killed it, its restart may still be due.
    const pid = await until(`a worker of type ${wanted}`, { timeoutMs: RESTARTED_MS, signal }, async () => {
      const worker = (await api.workers()).find(({ type, index }) => type === wanted && index === 0);
      if (worker?.pid === undefined) throw new FaultError("hang-a-worker", `there is no worker of type ${wanted}`);
      return worker.pid;
    });
    await signalWorker(pid, "SIGSTOP");
    return { remove: async () => signalWorker(pid, "SIGCONT") };
  };
}

export const stopService: InjectFault = async ({ service }) => {
  await service.stop();
  let removal: Promise<void> | undefined;
  return {
    remove: () => {
      removal ??= service.start();
      return removal;
    },
  };
};
