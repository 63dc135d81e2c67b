import type { TimingProfile } from "@mcp-orchestrator/alerts";
import type { Redis } from "ioredis";
import type { Load } from "../../services/load/load.ts";
import type { ServiceApi } from "../../services/load/serviceApi.ts";
import type { ControlUpdate } from "../../services/simulator/index.ts";
import type { AlertmanagerServer } from "../../stack/servers/alertmanager.ts";
import type { PrometheusServer } from "../../stack/servers/prometheus.ts";
import type { RedisServer } from "../../stack/servers/redis.ts";
import type { RunningProgram } from "../../testkit/servers/runtime.ts";
import type { ScrapeGate } from "./scrapeGate.ts";

/** A process that can be stopped and started again. */
export type Stoppable = { stop(): Promise<void>; start(): Promise<void> };

/** The service, as a fault sees it. */
type ServiceProcess = Stoppable & {
  /** Lowers the priority of the service, or restores it. Does nothing where it could not be restored. */
  lowerPriority(on: boolean): Promise<void>;
};

/** What a fault may touch in every stack: everything around the service, nothing inside it. */
export type CommonFaultContext = {
  readonly profile: TimingProfile;
  readonly service: ServiceProcess;
  /** Sends a signal to a worker by the process id that the service reports. The worker may be gone. */
  readonly signalWorker: (pid: number, name: NodeJS.Signals) => void | Promise<void>;
  readonly api: ServiceApi;
  readonly load: Load;
  /** A connection to Redis with all permissions. */
  readonly admin: Redis;
  /** Redis ACL user of the service. */
  readonly aclUser: string;
  /** Changes how the upstream APIs behave. */
  readonly upstreams: (change: ControlUpdate) => Promise<void>;
  readonly redis: { readonly server: Pick<RunningProgram, "exec"> };
  /** Aborted when the episode ends. */
  readonly signal: AbortSignal;
};

/** The same where the files of Alertmanager can be changed. */
export type AlertmanagerFaultContext = CommonFaultContext & {
  readonly alertmanager: Pick<
    AlertmanagerServer,
    "alerts" | "configure" | "hasAccepted" | "post" | "setWebhook" | "writeConfig"
  >;
};

/** The same where the rules of Prometheus can be changed. */
export type RulesFaultContext = CommonFaultContext & {
  readonly prometheus: Pick<PrometheusServer, "loadRules" | "ruleNames" | "writeRules">;
};

/** The same in the stack of the drill. */
export type FaultContext = AlertmanagerFaultContext & {
  readonly redis: RedisServer;
  readonly prometheus: PrometheusServer;
  readonly alertmanager: AlertmanagerServer;
  /** The gates between Prometheus and each replica. */
  readonly gates: readonly ScrapeGate[];
};
