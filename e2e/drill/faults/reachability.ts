import { minutes, scaleMs, seconds } from "@mcp-orchestrator/alerts";
import type { InjectFault } from "./fault.ts";
import type { FaultContext } from "./faultContext.ts";
import { repeated, rest } from "./repeated.ts";

/** Half of the `for` of NoActiveWorkers. */
const OUTAGE_MS = minutes(1);
const REACHABLE_MS = seconds(30);

/** Outages in a row, each too short for NoActiveWorkers. */
export const flapService: InjectFault<FaultContext> = async ({ gates, profile, signal }) =>
  repeated(signal, async (ended) => {
    for (const gate of gates) gate.close();
    await rest(scaleMs(OUTAGE_MS, profile), ended);
    for (const gate of gates) gate.open();
    await rest(scaleMs(REACHABLE_MS, profile), ended);
  });
