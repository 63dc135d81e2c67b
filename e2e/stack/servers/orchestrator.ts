import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HttpProcess } from "../../testkit/servers/httpProcess.ts";
import { LOOPBACK } from "../../testkit/servers/runtime.ts";
import { OrchestratorClient } from "../clients/orchestrator.ts";
import type { RunFolder } from "../runFolder.ts";
import { REDIS_USERS, type RedisServer } from "./redis.ts";

const MAIN = fileURLToPath(import.meta.resolve("mcp-orchestrator/main"));

export type OrchestratorOptions = {
  /** Number of the replica, from 0. */
  readonly index: number;
  /** Number of replicas: several need instance ids. */
  readonly replicas: number;
  readonly port: number;
  readonly redis: RedisServer;
  /** Base address of the upstream simulator. */
  readonly upstream: string;
  /** Settings of the service by their environment names, which override those of the stack. */
  readonly settings: Readonly<Record<string, string>>;
};

/** A running replica of the service with its API. */
export class OrchestratorServer extends OrchestratorClient implements AsyncDisposable {
  readonly server: HttpProcess;
  /** The log file of the service; its output is in `server.logFile`. */
  readonly logFile: string;

  constructor(server: HttpProcess, logFile: string) {
    super(server.url);
    this.server = server;
    this.logFile = logFile;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

/** Starts a replica as a process of this machine and waits until it is ready, that is, until its workers consume. */
export async function startOrchestrator(folder: RunFolder, options: OrchestratorOptions): Promise<OrchestratorServer> {
  const { index, replicas, port, redis, upstream, settings } = options;
  const name = `orchestrator-${index}`;
  const logFile = settings.LOG_FILE ?? join(folder.logs, `${name}.service.log`);
  const passwordFile = join(folder.data(name), "redis-password");
  writeFileSync(passwordFile, redis.passwords.service, { mode: 0o600 });
  const server = new HttpProcess(
    {
      ...{ name, port, script: MAIN, readyPath: "/readyz" },
      env: {
        HOST: LOOPBACK,
        PORT: String(port),
        // A stack is local: runbooks and demos use the switches without a token.
        ADMIN_WITHOUT_TOKEN: "true",
        // As programs of this machine and servers in containers reach it.
        ALLOWED_HOSTS: "localhost,127.0.0.1,host.docker.internal",
        REDIS_URL: redis.url,
        REDIS_USERNAME: REDIS_USERS.service,
        REDIS_PASSWORD_FILE: passwordFile,
        CHAT_BASE_URL: upstream,
        MARKET_BASE_URL: upstream,
        INSTANCE_ID: replicas > 1 ? `replica-${index}` : "",
        LOG_FILE: logFile,
        ...settings,
      },
      // Seven processes that start at once would slow the tasks of every other stack.
      startsGently: true,
    },
    folder,
  );
  await server.start();
  return new OrchestratorServer(server, logFile);
}
