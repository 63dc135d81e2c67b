import type { Injectors } from "./fault.ts";

/** Actions of operators. They may fail. */
const PATIENCE_MS = 1_000;

/** Switches that an operator turns and turns back. */
export const operatorFaults: Injectors<"pause" | "scale" | "rateLimit" | "bypass"> = {
  async pause({ client, wait }, { type, forMs }) {
    await tried(client.order(`/api/v1/admin/types/${type}/pause`, {}, PATIENCE_MS));
    await wait(forMs);
    await tried(client.order(`/api/v1/admin/types/${type}/resume`, {}, PATIENCE_MS));
  },
  async scale({ client, wait }, { replica, type, count, forMs }) {
    await tried(client.order("/api/v1/admin/workers/scale", { type, count }, PATIENCE_MS, replica));
    await wait(forMs);
    await tried(client.order("/api/v1/admin/workers/scale", { type, count: 1 }, PATIENCE_MS, replica));
  },
  async rateLimit({ client, wait }, { perSecond, forMs }) {
    await tried(client.order("/api/v1/admin/rate-limit/enable", { per_second: perSecond }, PATIENCE_MS));
    await wait(forMs);
    await tried(client.order("/api/v1/admin/rate-limit/disable", {}, PATIENCE_MS));
  },
  async bypass({ client, wait }, { forMs }) {
    await tried(client.order("/api/v1/admin/express-bypass/enable", {}, PATIENCE_MS));
    await wait(forMs);
    await tried(client.order("/api/v1/admin/express-bypass/disable", {}, PATIENCE_MS));
  },
};

/** Another fault may prevent it; all switches are turned back at the end. */
async function tried(order: Promise<void>): Promise<void> {
  await order.catch(() => undefined);
}
