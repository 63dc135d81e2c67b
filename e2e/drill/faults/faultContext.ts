import type { TimingProfile } from "@mcp-orchestrator/alerts";
import type { Redis } from "ioredis";
import type { Load } from "../../services/load/load.ts";
import type { ServiceApi } from "../../services/load/serviceApi.ts";
import type { ControlUpdate } from "../../services/simulator/index.ts";

/** A process that can be ended and started again. */
export type Stoppable = { stop(): Promise<void>; start(): Promise<void> };

/** The service in the hands of a fault. */
export type ServiceProcess = Stoppable & {
  /** Lets all other processes of the machine go first, or ends that. Does nothing where it could not be taken back. */
  lowerPriority(on: boolean): Promise<void>;
};

/** What a fault may lay hands on: everything around the service, nothing inside it. */
export type FaultContext = {
  readonly profile: TimingProfile;
  readonly service: ServiceProcess;
  readonly api: ServiceApi;
  readonly load: Load;
  /** A connection to Redis that may do everything. */
  readonly admin: Redis;
  /** Redis ACL user of the service. */
  readonly aclUser: string;
  /** Changes how the upstream APIs behave. */
  readonly upstreams: (change: ControlUpdate) => Promise<void>;
  /** Aborted when the episode ends, however it ends. */
  readonly signal: AbortSignal;
};
