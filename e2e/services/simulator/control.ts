import { z } from "zod";

/** The two APIs that the simulator speaks, by the names that the orchestrator's metrics use. */
export const API_NAMES = ["chat", "market"] as const;
export type ApiName = (typeof API_NAMES)[number];

const conditions = z.strictObject({
  latencyMs: z.number().int().min(0).max(600_000).describe("Time until an answer, in milliseconds."),
  errorRate: z.number().min(0).max(1).describe("Share of requests answered with errorStatus."),
  errorStatus: z.number().int().min(400).max(599).describe("HTTP status of an injected error."),
  stall: z.boolean().describe("Hold every request; all of them are answered when this becomes false."),
});

/** How one API behaves. */
export type Conditions = z.infer<typeof conditions>;

/** Body of `PUT /control`: what is left out stays as it is. */
export const controlSchema = z.strictObject({
  chat: conditions.partial().optional(),
  market: conditions.partial().optional(),
});
export type ControlUpdate = z.infer<typeof controlSchema>;

/** A fast API without faults. */
export const HEALTHY: Conditions = { latencyMs: 0, errorRate: 0, errorStatus: 500, stall: false };
