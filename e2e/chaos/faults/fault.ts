import type { Client } from "../client.ts";
import type { Fault, FaultKind } from "../schedule.ts";
import type { System } from "../system/system.ts";

/** What an injector works with. */
export type FaultContext = {
  readonly system: System;
  readonly client: Client;
  /** Resolves after a time, or earlier when the run is interrupted. */
  readonly wait: (ms: number) => Promise<void>;
};

export type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;

/** Does what a fault says, waits as long as it lasts, and removes it. */
export type Injector<K extends FaultKind> = (context: FaultContext, fault: FaultOf<K>) => Promise<void>;
export type Injectors<K extends FaultKind> = { readonly [Kind in K]: Injector<Kind> };
