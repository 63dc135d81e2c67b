import { setTimeout as pause } from "node:timers/promises";
import { minutes, scaleMs } from "@mcp-orchestrator/alerts";
import type { TaskType } from "../../services/load/load.ts";
import { AclUser } from "./acl.ts";
import type { FaultInjection } from "./fault.ts";
import type { FaultContext } from "./faultContext.ts";

/** Every command that acknowledges, on old and new servers. */
const ACKNOWLEDGE = ["xack", "xackdel"];

/** Nothing can be acknowledged any more. */
export const revokeAck: FaultInjection = {
  id: "revoke-ack",
  async start({ admin, aclUser }) {
    const user = new AclUser(admin, aclUser);
    const commands = await user.known(ACKNOWLEDGE);
    await user.revoke(commands);
    return { remove: () => user.grant(commands) };
  },
};

/** Where acknowledgements work on: only those of reasoning's express queue fail on and off. */
const STEADY_QUEUES = ["mcp:queue:reasoning", "mcp:queue:codegen*", "mcp:queue:ml*"];

/** How often Redis is asked whether it has refused something: well before the second attempt, 100 ms later. */
const LOOK_MS = 10;
/** Well after it, at any scale: a second attempt that is refused as well is a step towards another alert. */
const LEAST_PERIOD_MS = 250;

/**
 * First attempts are refused and retries succeed: the permission goes, and comes back as soon as Redis has refused
 * something. Nothing depends on how long that takes: a drill that is slow itself makes the flapping rarer.
 */
export const flapAck: FaultInjection = {
  id: "flap-ack",
  async start({ admin, aclUser, profile, signal }) {
    const user = new AclUser(admin, aclUser);
    const commands = await user.known(ACKNOWLEDGE);
    const stop = new AbortController();
    const ended = AbortSignal.any([stop.signal, signal]);
    // Some twenty times in the window of the alert.
    const periodMs = Math.max(LEAST_PERIOD_MS, scaleMs(minutes(5), profile) / 20);
    const flapping = flap(user, commands, periodMs, ended);
    return {
      remove: async () => {
        stop.abort();
        await flapping;
      },
    };
  },
};

async function flap(user: AclUser, commands: readonly string[], periodMs: number, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    const before = await user.denials();
    try {
      await user.revoke(commands, STEADY_QUEUES);
      while ((await user.denials()) === before && !ended.aborted) await pause(LOOK_MS);
    } finally {
      await user.grant(commands);
    }
    await pause(periodMs, undefined, { signal: ended }).catch(() => {});
  }
}

/** One message that cannot be acknowledged, in a system that does nothing else. */
export async function failOneAcknowledgement(
  { admin, aclUser, api, load }: FaultContext,
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
