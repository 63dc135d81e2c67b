import { Redis } from "ioredis";
import { signalPid } from "../../testkit/process/signals.ts";
import { startRedis, type TestRedis } from "../../testkit/servers/redis.ts";

/** A Redis server or Sentinel that keeps everything that it has acknowledged when it crashes. */
export class RedisServer implements AsyncDisposable {
  readonly #server: TestRedis;
  /** A client with all permissions, on a connection without faults. */
  readonly admin: Redis;

  private constructor(server: TestRedis) {
    this.#server = server;
    this.admin = new Redis({
      port: server.port,
      host: "127.0.0.1",
      lazyConnect: true,
      maxRetriesPerRequest: null,
      retryStrategy: () => 50,
    });
    this.admin.on("error", () => undefined);
  }

  /** Starts a server. @param user name and ACL rules of the service's user */
  static async start(user: readonly string[]): Promise<RedisServer> {
    const config = ["appendonly yes", "appendfsync always", "repl-diskless-sync-delay 0", `user ${user.join(" ")}`];
    return new RedisServer(await startRedis({ config }));
  }

  /** Starts a Sentinel. @param config lines of its configuration */
  static async startSentinel(config: readonly string[]): Promise<RedisServer> {
    return new RedisServer(await startRedis({ sentinel: true, config }));
  }

  get port(): number {
    return this.#server.port;
  }

  /** Starts the process unless it runs, and waits until it answers. */
  async start(): Promise<void> {
    await this.#server.start();
  }

  /** Crashes it. */
  async kill(): Promise<void> {
    await this.#server.stop("SIGKILL");
  }

  /** Freezes the process, or resumes it. */
  signal(name: "SIGSTOP" | "SIGCONT"): void {
    if (this.#server.pid > 0) signalPid(this.#server.pid, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin.disconnect();
    await this.#server[Symbol.asyncDispose]();
  }
}
