import { z } from "zod";

/** The two simulated APIs, by the names in the orchestrator's metrics. */
export const API_NAMES = ["chat", "market"] as const;
export type ApiName = (typeof API_NAMES)[number];

const conditions = z.strictObject({
  latencyMs: z.number().int().min(0).max(600_000).describe("Time until an answer, in milliseconds."),
  errorRate: z.number().min(0).max(1).describe("Share of requests answered with errorStatus."),
  errorStatus: z.number().int().min(400).max(599).describe("HTTP status of an injected error."),
  oneIn: z.number().int().min(1).describe("Latency and errors are those of one request in so many."),
  stall: z.boolean().describe("Hold every request; all of them are answered when this becomes false."),
});

/** How one API behaves. */
export type Conditions = z.infer<typeof conditions>;

/** Body of `PUT /control`. Absent fields stay as they are. */
export const controlSchema = z.strictObject({
  chat: conditions.partial().optional(),
  market: conditions.partial().optional(),
});
export type ControlUpdate = z.infer<typeof controlSchema>;

/** A fast API without faults. */
export const HEALTHY: Conditions = { latencyMs: 0, errorRate: 0, errorStatus: 500, oneIn: 1, stall: false };
