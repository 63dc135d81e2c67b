import type { FaultId } from "@mcp-orchestrator/alerts";
import type { FaultContext } from "./faultContext.ts";

/** A fault could not be injected or removed as it should. */
export class FaultError extends Error {
  readonly code = "FAULT";
  /** Id of the fault. */
  readonly subject: FaultId;

  constructor(fault: FaultId, message: string) {
    super(`${fault}: ${message}`);
    this.name = "FaultError";
    this.subject = fault;
  }
}

/** A fault that is on. Removing it twice does no harm. */
export type ActiveFault = {
  remove(): Promise<void>;
};

/** Something real that is done to the stack from outside. */
export type FaultInjection = {
  /** Under which the catalogue knows it, and describes it. */
  readonly id: FaultId;
  /**
   * Does it, and returns when it has taken effect or is sure to.
   *
   * @param context what may be touched; `context.signal` ends whatever the fault keeps doing
   */
  start(context: FaultContext): Promise<ActiveFault>;
};
