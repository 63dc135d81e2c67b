import { once } from "node:events";
import { connect } from "node:net";
import { freePort } from "../ports.ts";
import { TestFolder } from "../process/folder.ts";
import { type NativeOptions, type NativeProgram, startNative } from "./native.ts";
import { LOOPBACK, type ServerSpec } from "./runtime.ts";

/** Redis starts in a few milliseconds. */
const INTERVAL_MS = 20;

export type RedisOptions = {
  /** Lines of its configuration file. */
  readonly config?: readonly string[];
  /** Lines of an ACL file; none by default. */
  readonly acl?: readonly string[];
  /** More arguments, which override the configuration file. */
  readonly args?: readonly string[];
  /** Starts a Sentinel, which rewrites its configuration file. */
  readonly sentinel?: boolean;
};

export type RedisLogin = { readonly user: string; readonly password: string };

/**
 * How a Redis is started, in any runtime.
 *
 * @param login for the check of readiness; without one, any answer but "loading" means that it is ready
 */
export function redisSpec(port: number, options: RedisOptions, login?: RedisLogin): ServerSpec {
  const { config = [], acl, args = [], sentinel = false } = options;
  return {
    program: "redis",
    port,
    files: () => ({
      "redis.conf": lines(config),
      ...(acl === undefined ? {} : { "users.acl": lines(acl) }),
    }),
    args: ({ configDir, dataDir, host, port: listenPort }) => [
      `${configDir}/redis.conf`,
      ...(sentinel ? ["--sentinel"] : []),
      ...(acl === undefined ? [] : ["--aclfile", `${configDir}/users.acl`]),
      ...["--bind", host, "--port", String(listenPort), "--dir", dataDir],
      ...args,
    ],
    ready: () => ping(port, login),
    intervalMs: INTERVAL_MS,
  };
}

/** A Redis of one test, on loopback, with a folder that is removed with it. */
export class TestRedis implements AsyncDisposable {
  readonly server: NativeProgram;
  readonly port: number;
  readonly url: string;
  /** The folder of its data. */
  readonly folder: string;
  /** The folder of all its files. */
  readonly files: TestFolder;

  constructor(server: NativeProgram, files: TestFolder) {
    this.server = server;
    this.port = server.port;
    this.url = `redis://${server.host}:${server.port}`;
    this.folder = server.cwd;
    this.files = files;
  }

  get pid(): number {
    return this.server.pid ?? -1;
  }

  /** Starts it again, on the same port and data. */
  async start(): Promise<void> {
    await this.server.start();
  }

  /** Ends the process. @param signal SIGKILL is a crash */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    await (signal === "SIGKILL" ? this.server.kill() : this.server.stop());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.kill();
    this.files[Symbol.dispose]();
  }
}

/**
 * Starts a Redis on a free port.
 *
 * @param options by default no persistence and no users
 */
export async function startRedis(options: RedisOptions = {}, native?: NativeOptions): Promise<TestRedis> {
  const folder = new TestFolder("redis");
  try {
    const config = options.sentinel === true ? [] : ['save ""'];
    const spec = redisSpec(await freePort(), { ...options, config: [...config, ...(options.config ?? [])] });
    return new TestRedis(await startNative(spec, folder, native), folder);
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

/** One round trip needs no client library, and an error arrives at once. */
async function ping(port: number, login: RedisLogin | undefined): Promise<void> {
  const socket = connect({ port, host: LOOPBACK });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(1_000) });
    socket.write(`${login === undefined ? "" : `AUTH ${login.user} ${login.password}\r\n`}PING\r\n`);
    let answer = "";
    for await (const data of socket) {
      answer += String(data);
      if (answer.includes("+PONG") || (login === undefined && answer.startsWith("-NOAUTH"))) return;
      if (answer.includes("-")) throw new Error(answer.trim());
    }
    throw new Error("closed the connection");
  } finally {
    socket.destroy();
  }
}

const lines = (all: readonly string[]) => `${all.join("\n")}\n`;
