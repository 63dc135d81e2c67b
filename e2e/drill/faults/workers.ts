import { setTimeout as pause } from "node:timers/promises";
import { FAULT_SIZES } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES } from "mcp-orchestrator/contract";
import type { ServiceApi } from "../../services/load/serviceApi.ts";
import { AclUser } from "./acl.ts";
import type { FaultInjection } from "./fault.ts";

/**
 * One worker of each type in turn gets SIGKILL. The others of each type, in this replica or another, are left alone, so
 * that tasks are still worked on and nothing but the crashes is wrong.
 */
export const killWorkers: FaultInjection = {
  id: "kill-workers",
  async start({ api, service, signal }) {
    const stop = new AbortController();
    // A start a second takes up a core; it is not to be slow tasks for the stacks beside it.
    await service.lowerPriority(true);
    const killing = killInTurn(api, AbortSignal.any([stop.signal, signal]));
    return {
      remove: async () => {
        stop.abort();
        await killing;
        await service.lowerPriority(false);
      },
    };
  },
};

async function killInTurn(api: ServiceApi, ended: AbortSignal): Promise<void> {
  let dueAtMs = performance.now();
  for (let turn = 0; !ended.aborted; turn += 1) {
    const type = BUILT_IN_TYPES[turn % BUILT_IN_TYPES.length];
    const victim = (await api.workers()).find((worker) => worker.type === type && worker.index === 0);
    if (victim?.pid !== undefined) kill(victim.pid);
    dueAtMs += FAULT_SIZES.killIntervalMs;
    await pause(Math.max(0, dueAtMs - performance.now()), undefined, { signal: ended }).catch(() => {});
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It died between the answer and the signal.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The service lives, answers and takes tasks, and no worker of it can read one. */
export const starveWorkers: FaultInjection = {
  id: "starve-workers",
  async start({ admin, aclUser }) {
    const user = new AclUser(admin, aclUser);
    await user.revoke(["xreadgroup"]);
    return { remove: () => user.grant(["xreadgroup"]) };
  },
};

export const stopService: FaultInjection = {
  id: "stop-service",
  async start({ service }) {
    await service.stop();
    let removal: Promise<void> | undefined;
    return {
      remove: () => {
        removal ??= service.start();
        return removal;
      },
    };
  },
};
