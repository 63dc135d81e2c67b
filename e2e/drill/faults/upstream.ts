import { FAULT_SIZES, ONE_IN } from "@mcp-orchestrator/alerts";
import type { InjectFault } from "./fault.ts";

/** Answers that are slower than the warning threshold and faster than the critical one. */
export const slowUpstream: InjectFault = async ({ upstreams }) => {
  await upstreams({ chat: { latencyMs: FAULT_SIZES.slowAnswerMs } });
  return { remove: () => upstreams({ chat: { latencyMs: 0 } }) };
};

export const verySlowUpstream: InjectFault = async ({ upstreams }) => {
  await upstreams({ chat: { latencyMs: FAULT_SIZES.verySlowAnswerMs } });
  return { remove: () => upstreams({ chat: { latencyMs: 0 } }) };
};

/**
 * Rejects requests permanently. An outage (5xx, 429, wrong credentials) would cost no tasks: they wait for the
 * circuit breaker.
 */
export const failingUpstream: InjectFault = async ({ upstreams }) => {
  await upstreams({ chat: { errorRate: 1, errorStatus: 400 } });
  return { remove: () => upstreams({ chat: { errorRate: 0 } }) };
};

/** A few slow answers among fast ones. */
export const slowCalls: InjectFault = async ({ upstreams }) => {
  await upstreams({ chat: { latencyMs: FAULT_SIZES.verySlowAnswerMs, oneIn: ONE_IN } });
  return { remove: () => upstreams({ chat: { latencyMs: 0, oneIn: 1 } }) };
};

/** A few rejected requests among accepted ones. */
export const failingCalls: InjectFault = async ({ upstreams }) => {
  await upstreams({ chat: { errorRate: 1, errorStatus: 400, oneIn: ONE_IN } });
  return { remove: () => upstreams({ chat: { errorRate: 0, oneIn: 1 } }) };
};

/** A backlog between the thresholds of lag and of depth. */
export const stallSmallBacklog = stalledMarket(() => FAULT_SIZES.smallBacklog);
/** The runbook's manual test submits 600 tasks; without a stall, workers finish them at once. */
export const stallFlood = stalledMarket(() => FAULT_SIZES.flood);

function stalledMarket(backlog: () => number): InjectFault {
  return async ({ upstreams, load }) => {
    await upstreams({ market: { stall: true } });
    await load.burst("ml", "regular", backlog());
    return { remove: () => upstreams({ market: { stall: false } }) };
  };
}
