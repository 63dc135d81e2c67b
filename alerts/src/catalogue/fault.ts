/** A real fault, done to the stack from outside, that must make the alert fire; and what undoes it. */
export type Fault = {
  /** Key under which the fire drill implements it. */
  readonly id: FaultId;
  readonly inject: string;
  readonly heal: string;
};

/** Every fault of the catalogue. `none` stands for an alert that fires always or that no safe fault can raise. */
export const FAULT_IDS = [
  "revoke-ack",
  "flap-ack",
  "stall-upstream-small-backlog",
  "stall-upstream-flood",
  "slow-upstream",
  "very-slow-upstream",
  "kill-workers",
  "stop-service",
  "starve-workers",
  "failing-upstream",
  "fill-redis",
  "lose-an-entry",
  "none",
] as const;

export type FaultId = (typeof FAULT_IDS)[number];
