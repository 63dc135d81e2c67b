import type { z } from "zod";
import type { AllowedHosts } from "../config.ts";
import type { Lane } from "../metrics/contract.ts";
import type { Telemetry } from "../metrics/telemetry.ts";
import type { DeadLetterFilter } from "../queue/inspect/deadLetters.ts";
import type { TaskExplanation } from "../queue/inspect/explain.ts";
import type { QueueSnapshot } from "../queue/inspect/snapshot.ts";
import type { UnservedType } from "../queue/inspect/unservedTypes.ts";
import type { DeadLetter, Receipt, TaskRequest, TaskView } from "../queue/task.ts";
import type { WorkerStatus } from "../supervisor/workerStatus.ts";

/** What the HTTP API needs from the service. Defined here, by the consumer; the classes of the service match it. */
export type HttpPorts = {
  readonly submission: {
    /** @param receivedMs when the request arrived, by `performance.now()` */
    submit(tasks: readonly TaskRequest[], receivedMs: number): Promise<readonly Receipt[]>;
  };
  readonly lookup: {
    find(taskId: string): Promise<TaskView | undefined>;
    explain(taskId: string): Promise<TaskExplanation | undefined>;
  };
  readonly deadLetters: {
    list(
      query: DeadLetterFilter & { readonly cursor?: string; readonly limit: number },
    ): Promise<{ readonly items: readonly DeadLetter[]; readonly nextCursor?: string | undefined }>;
    get(id: string): Promise<DeadLetter | undefined>;
    /** @throws NotFoundError */
    retry(id: string): Promise<unknown>;
    retryWhere(filter: DeadLetterFilter): Promise<number>;
    discardWhere(filter: DeadLetterFilter): Promise<number>;
    /** @throws NotFoundError */
    discard(id: string): Promise<unknown>;
  };
  readonly switches: {
    read(): Promise<{
      readonly rateLimit: { readonly enabled: boolean; readonly perSecond: number };
      readonly expressBypass: boolean;
      readonly paused: readonly string[];
    }>;
    enableRateLimit(perSecond?: number): Promise<unknown>;
    disableRateLimit(): Promise<unknown>;
    setExpressBypass(on: boolean): Promise<unknown>;
    pause(type: string): Promise<unknown>;
    resume(type: string): Promise<unknown>;
  };
  readonly supervisor: {
    status(): readonly WorkerStatus[];
    wanted(type: string): number;
    scale(type: string, count: number): void;
  };
  /** One consistent reading of all queues. */
  readonly queues: { read(): Promise<QueueSnapshot & { readonly unservedTypes: readonly UnservedType[] }> };
  readonly accounting: {
    /** @throws NotFoundError; AccountingChangedError if the number of unaccounted tasks is not `count` */
    writeOff(type: string, lane: Lane, count: number): Promise<void>;
  };
  readonly readiness: {
    check(): Promise<{
      readonly ready: boolean;
      readonly healthy: boolean;
      readonly checks: readonly {
        readonly name: string;
        readonly ok: boolean;
        readonly detail: string;
        readonly advisory?: boolean;
      }[];
    }>;
  };
  readonly metrics: {
    /** All metrics, in the format that an Accept header asks for. */
    scrape(accept: string): Promise<{ readonly contentType: string; readonly body: string }>;
  };
  /** The log level of all processes of this replica. */
  readonly logLevel: { get(): string; set(level: string): void };
  /** Known task types, with the schema of their payload if they have one. */
  readonly types: ReadonlyMap<string, { readonly schema?: z.ZodType | undefined }>;
  readonly telemetry: Pick<Telemetry, "invalid" | "http">;
};

/** Settings of the HTTP API. */
export type HttpSettings = {
  /** Bearer token of the admin endpoints. Without one, they deny all requests. */
  readonly adminToken?: string | undefined;
  /** Without a token, allows callers on this machine to use the admin endpoints. */
  readonly adminWithoutToken?: boolean;
  /** Host names under which the API answers; default: any. */
  readonly allowedHosts?: AllowedHosts;
  /** Size limit of the payload of one task, in bytes of its JSON text. */
  readonly maxPayloadBytes: number;
};

/** The log of the HTTP API. */
export type HttpLog = {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
};
