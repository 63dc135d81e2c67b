import { FAULT_SIZES, hours } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES, LANES, type Lane } from "mcp-orchestrator/contract";
import { createKeys } from "mcp-orchestrator/keys";
import type { TaskType } from "../../services/load/load.ts";
import { KEY_PREFIX } from "../../stack/stack.ts";
import { AclUser } from "./acl.ts";
import { FaultError, type InjectFault } from "./fault.ts";

/** The service works but cannot read the state of its queues. */
export const refuseRedisState: InjectFault = async ({ admin, aclUser }) => {
  const user = new AclUser(admin, aclUser);
  await user.revoke(["info"]);
  return { remove: () => user.grant(["info"]) };
};

/** Every submission is rejected; accepted tasks are processed. */
export const refuseSubmissions: InjectFault = async ({ admin, aclUser }) => {
  const user = new AclUser(admin, aclUser);
  await user.revoke(["xadd"]);
  return { remove: () => user.grant(["xadd"]) };
};

/** The service may not use commands on the stream of one type and lane. */
export function refusedOn(commands: readonly string[], type: TaskType, lane: Lane): InjectFault {
  const keys = createKeys(KEY_PREFIX);
  const streams = BUILT_IN_TYPES.flatMap((each) => LANES.map((of) => keys.queue(each, of).stream));
  const others = [...streams.filter((stream) => stream !== keys.queue(type, lane).stream), keys.deadLetters];
  return async ({ admin, aclUser }) => {
    const user = new AclUser(admin, aclUser);
    await user.revoke(commands, others);
    return { remove: () => user.grant(commands) };
  };
}

/** Submissions to one lane of one type are rejected, and all others are accepted. */
export const refuseSubmissionsOfALane: InjectFault = refusedOn(["xadd"], "ml", "regular");

const PROMOTION = "refuse-promotion";

/** A delayed task is due and cannot be added to its queue. */
export const refusePromotion: InjectFault = async (context) => {
  const { admin, api } = context;
  const delayed = createKeys(KEY_PREFIX).delayed("ml", "regular");
  const task = { task_id: `overdue-${Date.now()}`, type: "ml", priority: 5, delay_ms: hours(1) };
  const answer = await api.submit([{ ...task, payload: { symbol: "BTCUSDT", interval: "60", limit: 24 } }]);
  if (answer !== "accepted") throw new FaultError(PROMOTION, `the delayed task was ${answer}`);
  const refused = await refuseSubmissionsOfALane(context);
  const [member] = await admin.zrange(delayed, 0, 0);
  if (member === undefined) throw new FaultError(PROMOTION, `${delayed} is empty`);
  await admin.zadd(delayed, "XX", Date.now() - FAULT_SIZES.overdueMs, member);
  return refused;
};
