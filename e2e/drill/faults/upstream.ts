import type { FaultId } from "@mcp-orchestrator/alerts";
import type { FaultInjection } from "./fault.ts";

/** Answers that take 200 ms: over the warning threshold of 100 ms and under the critical one of 500 ms. */
export const slowUpstream: FaultInjection = {
  id: "slow-upstream",
  inject: "The chat API answers in 200 ms",
  heal: "The chat API is fast again",
  async start({ upstreams }) {
    await upstreams({ chat: { latencyMs: 200 } });
    return { heal: () => upstreams({ chat: { latencyMs: 0 } }) };
  },
};

export const verySlowUpstream: FaultInjection = {
  id: "very-slow-upstream",
  inject: "The chat API answers in 800 ms",
  heal: "The chat API is fast again",
  async start({ upstreams }) {
    await upstreams({ chat: { latencyMs: 800 } });
    return { heal: () => upstreams({ chat: { latencyMs: 0 } }) };
  },
};

/** An outage (5xx, 429, wrong credentials) costs no tasks: they wait for the circuit breaker. A rejection is final. */
export const failingUpstream: FaultInjection = {
  id: "failing-upstream",
  inject: "The chat API rejects every request with 400",
  heal: "The chat API accepts requests again",
  async start({ upstreams }) {
    await upstreams({ chat: { errorRate: 1, errorStatus: 400 } });
    return { heal: () => upstreams({ chat: { errorRate: 0 } }) };
  },
};

/** A backlog between the thresholds of lag (100) and of depth (500). */
export const stallSmallBacklog = stalledMarket("stall-upstream-small-backlog", 150);
/** The runbook's manual test has 600; fast workers are through with those in a moment, stalled ones are not. */
export const stallFlood = stalledMarket("stall-upstream-flood", 650);

function stalledMarket(id: FaultId, backlog: number): FaultInjection {
  return {
    id,
    inject: `The market API holds every request while ${backlog} regular ml tasks are submitted`,
    heal: "The market API answers what it held",
    async start({ upstreams, load }) {
      await upstreams({ market: { stall: true } });
      await load.burst("ml", "regular", backlog);
      return { heal: () => upstreams({ market: { stall: false } }) };
    },
  };
}
