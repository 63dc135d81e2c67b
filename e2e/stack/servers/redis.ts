import { randomBytes } from "node:crypto";
import { DEFAULT_USER_OFF } from "mcp-orchestrator/permissions";
import { redisSpec } from "../../testkit/servers/redis.ts";
import type { RunningProgram, Runtime } from "../../testkit/servers/runtime.ts";
import type { RunFolder } from "../runFolder.ts";

/** ACL users: the service, and an administrator for faults and checks. The default user is off. */
export const REDIS_USERS = { service: "orchestrator", admin: "admin" } as const;

export type RedisOptions = {
  readonly port: number;
  /** Commands, categories, keys and channels of the service's user, as ACL rules. */
  readonly serviceRules: readonly string[];
  /** Admits clients on this machine without a password, as the runbook's `redis-cli` commands expect. */
  readonly open?: boolean;
  /** More lines of `redis.conf`. */
  readonly config?: readonly string[];
};

/** Redis answered a command with an error. */
class RedisCliError extends Error {
  readonly code = "REDIS_CLI";
  readonly subject: string;

  constructor(command: readonly string[], output: string) {
    super(`${command.join(" ")}: ${output}`);
    this.name = "RedisCliError";
    this.subject = command[0] ?? "";
  }
}

type Passwords = Readonly<Record<keyof typeof REDIS_USERS, string>>;

/** A running Redis with its credentials. */
export class RedisServer implements AsyncDisposable {
  readonly server: RunningProgram;
  readonly passwords: Passwords;
  /** Without a user. */
  readonly url: string;

  constructor(server: RunningProgram, passwords: Passwords) {
    this.server = server;
    this.passwords = passwords;
    this.url = `redis://${server.host}:${server.port}`;
  }

  /**
   * Runs `redis-cli` as the administrator; returns its output.
   *
   * @throws RedisCliError on an error reply
   */
  async cli(...command: readonly string[]): Promise<string> {
    const login = ["--user", REDIS_USERS.admin, "--pass", this.passwords.admin, "--no-auth-warning"];
    const where = ["-e", "-p", String(this.server.port)];
    const { exitCode, stdout, stderr } = await this.server.exec(["redis-cli", ...login, ...where, ...command]);
    if (exitCode !== 0) throw new RedisCliError(command, `${stdout}${stderr}`.trim());
    return stdout.trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

/** Starts Redis as the service needs it: append-only file, `noeviction`, ACL users. */
export async function startRedis(runtime: Runtime, folder: RunFolder, options: RedisOptions): Promise<RedisServer> {
  const passwords = { service: randomBytes(16).toString("hex"), admin: randomBytes(16).toString("hex") };
  const spec = redisSpec(
    options.port,
    {
      config: [
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory 256mb",
        "maxmemory-policy noeviction",
        ...(options.config ?? []),
      ],
      acl: [
        options.open ? "user default on nopass ~* &* +@all" : `user default ${DEFAULT_USER_OFF.join(" ")}`,
        `user ${REDIS_USERS.service} on >${passwords.service} ${options.serviceRules.join(" ")}`,
        `user ${REDIS_USERS.admin} on >${passwords.admin} ~* &* +@all`,
      ],
    },
    { user: REDIS_USERS.admin, password: passwords.admin },
  );
  return new RedisServer(await runtime.start(spec, folder), passwords);
}
