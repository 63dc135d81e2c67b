import { FAULT_SIZES } from "@mcp-orchestrator/alerts";
import { createKeys } from "mcp-orchestrator/keys";
import type { TaskType } from "../../services/load/load.ts";
import { KEY_PREFIX } from "../../stack/stack.ts";
import { until } from "../../testkit/until.ts";
import { FaultError, type InjectFault } from "./fault.ts";

/** Mistakes of an operator in the admin API. */

/** Fewer than any alert on queues needs. */
const TASKS = 20;

/** A type has no workers while its tasks come in. */
export const scaleTypeToZero: InjectFault = async (context) => {
  const fault = await scaleToZero("ml")(context);
  await context.load.burst("ml", "regular", TASKS);
  return fault;
};

/** A replica has no workers of a type. */
export function scaleToZero(type: TaskType): InjectFault {
  return async ({ api }) => {
    const count = await api.wantedWorkers(type);
    await api.admin("workers/scale", { type, count: 0 });
    return { remove: () => api.admin("workers/scale", { type, count }) };
  };
}

/** The express bypass stays on. */
export const leaveBypassOn: InjectFault = async ({ api }) => {
  await api.admin("express-bypass/enable");
  return { remove: () => api.admin("express-bypass/disable") };
};

const PAUSE = "pause-with-an-old-task";
/** Longest time until a worker reports that it takes no tasks: a poll and a heartbeat, at any scale. */
const PAUSE_MS = 15_000;

/**
 * A type is paused, and its queue holds an old task: an entry whose id, added by hand, is in the future, with a timestamp
 * of its age.
 */
export const pauseWithAnOldTask: InjectFault = async ({ admin, api, signal }) => {
  await api.admin("types/ml/pause");
  await until("the workers of ml to stop reading", { timeoutMs: PAUSE_MS, signal }, async () => {
    const reading = (await api.workers()).filter(({ type, paused }) => type === "ml" && paused === "");
    if (reading.length > 0) throw new FaultError(PAUSE, `${reading.length} workers still take tasks`);
  });
  const { stream } = createKeys(KEY_PREFIX).queue("ml", "regular");
  const nowMs = Date.now();
  const fields = {
    payload: '{"symbol":"BTCUSDT"}',
    priority: "1",
    type: "ml",
    timestamp: new Date(nowMs - FAULT_SIZES.oldTaskMs).toISOString(),
  };
  await admin.xadd(stream, `${nowMs + FAULT_SIZES.oldTaskMs}-0`, ...Object.entries(fields).flat());
  return { remove: () => api.admin("types/ml/resume") };
};
