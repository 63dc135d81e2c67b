import { setTimeout as pause } from "node:timers/promises";
import { minutes, scaleMs, seconds, type TimingProfile } from "@mcp-orchestrator/alerts";
import type { FaultInjection } from "./fault.ts";
import type { ScrapeGate } from "./scrapeGate.ts";

/** Half of what NoActiveWorkers waits for. */
const OUTAGE_MS = minutes(1);
const REACHABLE_MS = seconds(30);

/** No outage is long enough for an alert of its own, and there is one after the other. */
export const flapService: FaultInjection = {
  id: "flap-service",
  async start({ gates, profile, signal }) {
    const stop = new AbortController();
    const flapping = flap(gates, profile, AbortSignal.any([stop.signal, signal]));
    return {
      remove: async () => {
        stop.abort();
        await flapping;
      },
    };
  },
};

async function flap(gates: readonly ScrapeGate[], profile: TimingProfile, signal: AbortSignal): Promise<void> {
  const forMs = (productionMs: number) => pause(scaleMs(productionMs, profile), undefined, { signal }).catch(() => {});
  while (!signal.aborted) {
    for (const gate of gates) gate.close();
    await forMs(OUTAGE_MS);
    for (const gate of gates) gate.open();
    await forMs(REACHABLE_MS);
  }
}
