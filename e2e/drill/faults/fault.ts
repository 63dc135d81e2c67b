import type { FaultId } from "@mcp-orchestrator/alerts";
import type { CommonFaultContext } from "./faultContext.ts";

/** A fault could not be injected or removed. */
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

/** An injected fault. Removing it twice does no harm. */
export type ActiveFault = {
  remove(): Promise<void>;
  /** Where its runbook ends it by a file and a command: puts the file back. */
  restore?(): Promise<void>;
  /** Where `restore` is: @throws FaultError unless the command has ended it */
  requireEnded?(): Promise<void>;
};

/**
 * Injects a fault from outside, and returns when it has taken effect.
 *
 * @param context what may be touched; `context.signal` ends what the fault repeats
 */
export type InjectFault<Context = CommonFaultContext> = (context: Context) => Promise<ActiveFault>;
