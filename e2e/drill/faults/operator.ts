import { hours } from "@mcp-orchestrator/alerts";
import { createKeys } from "mcp-orchestrator/keys";
import { KEY_PREFIX } from "../../stack/stack.ts";
import type { FaultInjection } from "./fault.ts";

/** What an operator does through the admin API, and should not have done, or should have undone. */

/** Fewer than any alert on queues is about. */
const TASKS = 20;

/** A type is left without workers while its tasks come in. */
export const scaleTypeToZero: FaultInjection = {
  id: "scale-type-to-zero",
  async start({ api, load }) {
    const count = await api.wantedWorkers("ml");
    await api.admin("workers/scale", { type: "ml", count: 0 });
    await load.burst("ml", "regular", TASKS);
    return { remove: () => api.admin("workers/scale", { type: "ml", count }) };
  },
};

/** Express tasks wait with the regular ones, long after the reason is gone. */
export const leaveBypassOn: FaultInjection = {
  id: "leave-bypass-on",
  async start({ api }) {
    await api.admin("express-bypass/enable");
    return { remove: () => api.admin("express-bypass/disable") };
  },
};

/** More than any threshold, which does not scale. */
const AGE_MS = hours(1);

/**
 * A type is paused, and one task in its queue has been there for an hour: an entry that is added by hand, whose id is of a
 * clock that runs ahead, so that its timestamp says how old it is.
 */
export const pauseWithAnOldTask: FaultInjection = {
  id: "pause-with-an-old-task",
  async start({ admin, api }) {
    await api.admin("types/ml/pause");
    const { stream } = createKeys(KEY_PREFIX).queue("ml", "regular");
    const nowMs = Date.now();
    const fields = {
      payload: '{"symbol":"BTCUSDT"}',
      priority: "1",
      type: "ml",
      timestamp: new Date(nowMs - AGE_MS).toISOString(),
    };
    await admin.xadd(stream, `${nowMs + AGE_MS}-0`, ...Object.entries(fields).flat());
    return { remove: () => api.admin("types/ml/resume") };
  },
};
