import { FAULT_SIZES, type FaultId } from "@mcp-orchestrator/alerts";
import type { FaultInjection } from "./fault.ts";

/** Answers that take longer than the warning threshold and not as long as the critical one. */
export const slowUpstream: FaultInjection = {
  id: "slow-upstream",
  async start({ upstreams }) {
    await upstreams({ chat: { latencyMs: FAULT_SIZES.slowAnswerMs } });
    return { remove: () => upstreams({ chat: { latencyMs: 0 } }) };
  },
};

export const verySlowUpstream: FaultInjection = {
  id: "very-slow-upstream",
  async start({ upstreams }) {
    await upstreams({ chat: { latencyMs: FAULT_SIZES.verySlowAnswerMs } });
    return { remove: () => upstreams({ chat: { latencyMs: 0 } }) };
  },
};

/** An outage (5xx, 429, wrong credentials) costs no tasks: they wait for the circuit breaker. A rejection is final. */
export const failingUpstream: FaultInjection = {
  id: "failing-upstream",
  async start({ upstreams }) {
    await upstreams({ chat: { errorRate: 1, errorStatus: 400 } });
    return { remove: () => upstreams({ chat: { errorRate: 0 } }) };
  },
};

/** A backlog between the thresholds of lag and of depth. */
export const stallSmallBacklog = stalledMarket("stall-upstream-small-backlog", () => FAULT_SIZES.smallBacklog);
/** The runbook's manual test has 600; fast workers are through with those in a moment, stalled ones are not. */
export const stallFlood = stalledMarket("stall-upstream-flood", () => FAULT_SIZES.flood);

function stalledMarket(id: FaultId, backlog: () => number): FaultInjection {
  return {
    id,
    async start({ upstreams, load }) {
      await upstreams({ market: { stall: true } });
      await load.burst("ml", "regular", backlog());
      return { remove: () => upstreams({ market: { stall: false } }) };
    },
  };
}
