import type { Client } from "../client.ts";
import type { Fault, FaultKind } from "../schedule.ts";
import type { System } from "../system/system.ts";

/** What an injector works with. */
export type FaultContext = {
  readonly system: System;
  readonly client: Client;
  /** Resolves after a time. Rejects if the run ends early. */
  readonly wait: (ms: number) => Promise<void>;
  /** Aborted if the run ends early. */
  readonly signal: AbortSignal;
};

type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;

/** Injects a fault, waits as long as it lasts, and removes it. */
export type Injector<K extends FaultKind> = (context: FaultContext, fault: FaultOf<K>) => Promise<void>;
export type Injectors<K extends FaultKind> = { readonly [Kind in K]: Injector<Kind> };
