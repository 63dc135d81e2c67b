import { hours, minutes } from "@mcp-orchestrator/alerts";
import { createKeys } from "mcp-orchestrator/keys";
import { KEY_PREFIX } from "../../stack/stack.ts";
import { AclUser } from "./acl.ts";
import { FaultError, type FaultInjection } from "./fault.ts";

/** The service works, and cannot see how full its queues are. */
export const refuseRedisState: FaultInjection = {
  id: "refuse-redis-state",
  async start({ admin, aclUser }) {
    const user = new AclUser(admin, aclUser);
    await user.revoke(["info"]);
    return { remove: () => user.grant(["info"]) };
  },
};

/** Nothing new is accepted; what was accepted before is processed. */
export const refuseSubmissions: FaultInjection = {
  id: "refuse-submissions",
  async start({ admin, aclUser }) {
    const user = new AclUser(admin, aclUser);
    await user.revoke(["xadd"]);
    return { remove: () => user.grant(["xadd"]) };
  },
};

const PROMOTION = "refuse-promotion";
/** All streams but the regular one of ml. */
const OTHER_STREAMS = ["mcp:queue:reasoning*", "mcp:queue:codegen*", "mcp:queue:ml:*", "mcp:queue:dlq"];
/** More than any threshold, which does not scale. */
const OVERDUE_MS = minutes(10);

/** A delayed task is due and cannot be put into its queue. */
export const refusePromotion: FaultInjection = {
  id: PROMOTION,
  async start({ admin, aclUser, api }) {
    const user = new AclUser(admin, aclUser);
    const delayed = createKeys(KEY_PREFIX).delayed("ml", "regular");
    const task = { task_id: `overdue-${Date.now()}`, type: "ml", priority: 5, delay_ms: hours(1) };
    const answer = await api.submit([{ ...task, payload: { symbol: "BTCUSDT", interval: "60", limit: 24 } }]);
    if (answer !== "accepted") throw new FaultError(PROMOTION, `the delayed task was ${answer}`);
    await user.revoke(["xadd"], OTHER_STREAMS);
    const [member] = await admin.zrange(delayed, 0, 0);
    if (member === undefined) throw new FaultError(PROMOTION, `${delayed} is empty`);
    await admin.zadd(delayed, "XX", Date.now() - OVERDUE_MS, member);
    return { remove: () => user.grant(["xadd"]) };
  },
};
