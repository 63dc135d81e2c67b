import { setTimeout as pause } from "node:timers/promises";
import { minutes, scaleMs } from "@mcp-orchestrator/alerts";
import type { TaskType } from "../../services/load/load.ts";
import { AclUser } from "./acl.ts";
import type { InjectFault } from "./fault.ts";
import type { CommonFaultContext } from "./faultContext.ts";
import { repeated, rest } from "./repeated.ts";

/** Every command that acknowledges, on old and new servers. */
const ACKNOWLEDGE = ["xack", "xackdel"];

/** No message can be acknowledged. */
export const revokeAck: InjectFault = async ({ admin, aclUser }) => {
  const user = new AclUser(admin, aclUser);
  const commands = await user.known(ACKNOWLEDGE);
  await user.revoke(commands);
  return { remove: () => user.grant(commands) };
};

/** Acknowledgements keep working here; only those of reasoning's express queue flap. */
const STEADY_QUEUES = ["mcp:queue:reasoning", "mcp:queue:codegen*", "mcp:queue:ml*"];

/** How often Redis is asked for refusals: well before the second attempt, 100 ms later. */
const LOOK_MS = 10;
/** Well after the second attempt, so that a message does not fail all its attempts. */
const LEAST_PERIOD_MS = 250;

/**
 * First attempts are refused and retries succeed: the permission is restored as soon as Redis has refused something. A
 * slow drill only makes the flapping rarer.
 */
export const flapAck: InjectFault = async ({ admin, aclUser, profile, signal }) => {
  const user = new AclUser(admin, aclUser);
  const commands = await user.known(ACKNOWLEDGE);
  // About twenty times in the window of the alert.
  const periodMs = Math.max(LEAST_PERIOD_MS, scaleMs(minutes(5), profile) / 20);
  return repeated(signal, async (ended) => {
    const before = await user.denials();
    try {
      await user.revoke(commands, STEADY_QUEUES);
      while ((await user.denials()) === before && !ended.aborted) await pause(LOOK_MS);
    } finally {
      await user.grant(commands);
    }
    await rest(periodMs, ended);
  });
};

/** One message that cannot be acknowledged, in an idle system. */
export async function failOneAcknowledgement(
  { admin, aclUser, api, load }: CommonFaultContext,
  type: TaskType,
  until: WaitFor,
): Promise<void> {
  const user = new AclUser(admin, aclUser);
  const commands = await user.known(ACKNOWLEDGE);
  const before = await api.metric("mcp_ack_failures_total");
  await user.revoke(commands);
  try {
    await load.burst(type, "express", 1);
    await until("an acknowledgement that failed for good", async () => {
      const failures = await api.metric("mcp_ack_failures_total");
      if (failures === before) throw new Error(`mcp_ack_failures_total is still ${failures}`);
    });
  } finally {
    await user.grant(commands);
  }
}

/** Waits until the probe no longer throws. */
export type WaitFor = (what: string, probe: () => Promise<void>) => Promise<unknown>;
