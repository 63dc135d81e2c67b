import { Cluster, Redis } from "ioredis";
import { equalJitterMs } from "../jitter.ts";
import { commandError, connectionFailure } from "./redisError.ts";

/** A connection to one Redis server, to a Sentinel deployment or to a Cluster. All have the same commands. */
export type RedisClient = Redis | Cluster;

type Node = { readonly host: string; readonly port: number };

type TlsSettings = {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Name that the certificate must have; default: the host of the connection. */
  readonly servername?: string | undefined;
};

/** Address and credentials of Redis. */
export type RedisSettings = {
  /** `redis://` or `rediss://`. With Sentinels or a Cluster, only its scheme, user and database are used. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly sentinels: readonly Node[];
  readonly sentinelName: string;
  /** Credentials of the Sentinels themselves. */
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: string | undefined;
  readonly clusterNodes: readonly Node[];
  /** PEM, used with `rediss://`. Without `ca`, the certificate authorities of Node apply. */
  readonly tls?: TlsSettings | undefined;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
};

/**
 * The purpose of a connection.
 * - `commands`: shared, reconnects by itself. A command fails after the command timeout or when the connection fails.
 * - `blocking`: owned by one blocking read. It never reconnects and never resends, because a resent XREADGROUP can hang
 *   for ever while pings succeed. After a failure its owner opens a new one.
 */
export type ConnectionPurpose = "commands" | "blocking";

const KEEP_ALIVE_MS = 10_000;
const RECONNECT_BASE_MS = 100;
const RECONNECT_CAP_MS = 1_000;
const SOCKET_TIMEOUT_MARGIN_MS = 100;

/**
 * Opens a connection. It connects in the background. The caller must add an `error` listener. A failed command rejects with
 * a RedisCommandError.
 *
 * @param name shown by CLIENT LIST
 * @param took called with the seconds from each command to its reply or failure
 */
export function createRedis(
  settings: RedisSettings,
  purpose: ConnectionPurpose,
  name: string,
  took?: (seconds: number) => void,
): RedisClient {
  const redis = withOwnErrors(connect(settings, purpose, name));
  return took === undefined ? redis : measured(redis, took);
}

function connect(settings: RedisSettings, purpose: ConnectionPurpose, name: string): RedisClient {
  const options = redisOptions(settings, purpose, name);
  if (settings.clusterNodes.length > 0) {
    const clusterOptions = {
      redisOptions: options,
      clusterRetryStrategy: purpose === "blocking" ? () => null : reconnectDelayMs,
      maxRedirections: 4,
      // A sent command is not sent again after its connection was lost: Redis may have executed it.
      retryDelayOnFailover: 0,
      enableOfflineQueue: true,
    };
    return new TimedCluster([...settings.clusterNodes], clusterOptions);
  }
  if (settings.sentinels.length > 0) {
    const { sentinelName, sentinelUsername, sentinelPassword, sentinels } = settings;
    const { tls } = options;
    return forgetTimeoutWhenClosed(
      new Redis({
        ...options,
        sentinels: [...sentinels],
        name: sentinelName,
        ...defined({ sentinelUsername, sentinelPassword }),
        ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tls }),
      }),
    );
  }
  return forgetTimeoutWhenClosed(new Redis(settings.url, options));
}

/** Converts failures of commands to RedisCommandError: errors of ioredis name its options instead of the cause. */
function withOwnErrors(redis: RedisClient): RedisClient {
  let lost: string | undefined;
  redis.on("error", (error) => {
    lost = connectionFailure(error);
  });
  redis.on("ready", () => {
    lost = undefined;
  });
  const send = redis.sendCommand.bind(redis) as (...args: Parameters<Cluster["sendCommand"]>) => unknown;
  redis.sendCommand = (...args: Parameters<Cluster["sendCommand"]>) => {
    const [command] = args;
    const { reject } = command;
    command.reject = (error) => reject.call(command, commandError(command.name, error, lost));
    return send(...args);
  };
  return redis;
}

/** Measures each command once: it is passed on again when it had to wait for a connection, and replies follow a timeout. */
function measured(redis: RedisClient, took: (seconds: number) => void): RedisClient {
  const seen = new WeakSet<object>();
  const send = redis.sendCommand.bind(redis) as (...args: Parameters<Cluster["sendCommand"]>) => unknown;
  redis.sendCommand = (...args: Parameters<Cluster["sendCommand"]>) => {
    const [command] = args;
    if (seen.has(command)) return send(...args);
    seen.add(command);
    const { resolve, reject } = command;
    const sentAtMs = performance.now();
    let isOpen = true;
    const end = () => {
      if (isOpen) took((performance.now() - sentAtMs) / 1000);
      isOpen = false;
    };
    command.resolve = (reply) => {
      end();
      resolve.call(command, reply);
    };
    command.reject = (error) => {
      end();
      reject.call(command, error);
    };
    return send(...args);
  };
  return redis;
}

/**
 * Works around a defect of ioredis (5.11): if a connection closes during a command, the timer of `socketTimeout` keeps
 * running and then closes the next connection. A Cluster is not affected, because it replaces the whole client.
 */
function forgetTimeoutWhenClosed(redis: Redis): Redis {
  return redis.on("close", () => {
    const timed = redis as unknown as { socketTimeoutTimer: NodeJS.Timeout | undefined };
    clearTimeout(timed.socketTimeoutTimer);
    timed.socketTimeoutTimer = undefined;
  });
}

/** Gives queued commands a timeout. ioredis would otherwise queue them for ever while the Cluster is unreachable. */
class TimedCluster extends Cluster {
  override sendCommand(...args: Parameters<Cluster["sendCommand"]>): unknown {
    const { commandTimeout } = this.options.redisOptions ?? {};
    if (commandTimeout !== undefined) args[0].setTimeout(commandTimeout);
    return super.sendCommand(...args);
  }
}

function redisOptions(settings: RedisSettings, purpose: ConnectionPurpose, name: string) {
  const url = new URL(settings.url);
  const username = settings.username ?? (decodeURIComponent(url.username) || undefined);
  const password = settings.password ?? (decodeURIComponent(url.password) || undefined);
  const db = Number(url.pathname.slice(1)) || undefined;
  return {
    ...(url.protocol === "rediss:" ? { tls: defined(settings.tls ?? {}) } : {}),
    ...defined({ username, password, db }),
    connectionName: name,
    // Redis 7.0 does not have CLIENT SETINFO.
    disableClientInfo: true,
    connectTimeout: settings.connectTimeoutMs,
    keepAlive: KEEP_ALIVE_MS,
    // A sent command without a reply fails at once, because only its caller knows whether it may be repeated.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    ...(purpose === "blocking"
      ? { retryStrategy: () => null }
      : {
          retryStrategy: reconnectDelayMs,
          reconnectOnError: leavesDemotedServers(),
          commandTimeout: settings.commandTimeoutMs,
          // A timed-out command leaves the connection open. This closes a connection that answers nothing at all.
          socketTimeout: settings.commandTimeoutMs + SOCKET_TIMEOUT_MARGIN_MS,
        }),
  };
}

/** Errors of a server that has become a replica, or is becoming one. A new connection finds the master. */
const DEMOTED = /^(READONLY|MASTERDOWN|LOADING)\b/;

/**
 * Decides whether to reconnect after an error, because a failover can leave connections to the former master open.
 * Rate-limited, since a server may stay a replica.
 */
function leavesDemotedServers(): (error: Error) => boolean {
  let lastMs = Number.NEGATIVE_INFINITY;
  return ({ message }) => {
    const nowMs = performance.now();
    if (!DEMOTED.test(message) || nowMs - lastMs < RECONNECT_CAP_MS) return false;
    lastMs = nowMs;
    return true;
  };
}

function defined<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

function reconnectDelayMs(times: number): number {
  return equalJitterMs(times, RECONNECT_BASE_MS, RECONNECT_CAP_MS, Math.random);
}
