import { Cluster, Redis } from "ioredis";

/** A connection to one Redis server, to a Sentinel set or to a Cluster: the commands are the same. */
export type RedisClient = Redis | Cluster;

type Node = { readonly host: string; readonly port: number };

export type TlsSettings = {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Name that certificates must have; the host connected to when absent. */
  readonly servername?: string | undefined;
};

/** Where Redis is and who we are there. */
export type RedisSettings = {
  /** `redis://` or `rediss://`; with Sentinels or a Cluster it still gives the scheme, the user and the database. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly sentinels: readonly Node[];
  readonly sentinelName: string;
  /** User and password of the Sentinels themselves. */
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: string | undefined;
  readonly clusterNodes: readonly Node[];
  /** Used with `rediss://`; PEM. Without an authority of its own, those of Node decide. */
  readonly tls?: TlsSettings | undefined;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
};

/**
 * What a connection is for.
 * - `commands`: shared, reconnects by itself; a command fails after the command time-out or with the connection.
 * - `blocking`: owned by one blocked read. It never reconnects and never resends: a resent XREADGROUP can hang for
 *   ever with every ping looking healthy, so its owner discards it and makes a new one.
 */
export type ConnectionPurpose = "commands" | "blocking";

const KEEP_ALIVE_MS = 10_000;
const RECONNECT_CAP_MS = 1_000;
const SOCKET_TIMEOUT_MARGIN_MS = 100;

/**
 * Opens a connection. It connects in the background; an `error` listener is the caller's to add.
 *
 * @param name shown by CLIENT LIST
 */
export function createRedis(settings: RedisSettings, purpose: ConnectionPurpose, name: string): RedisClient {
  const options = redisOptions(settings, purpose, name);
  if (settings.clusterNodes.length > 0) {
    const clusterOptions = {
      redisOptions: options,
      clusterRetryStrategy: purpose === "blocking" ? () => null : reconnectDelayMs,
      maxRedirections: 4,
      retryDelayOnFailover: 200,
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

/**
 * ioredis (5.11) leaves the timer of `socketTimeout` running when a connection closes with a command under way, and it then
 * gives up the connection that replaced it. Not in a Cluster, where a connection is replaced with all that belongs to it.
 */
function forgetTimeoutWhenClosed(redis: Redis): Redis {
  return redis.on("close", () => {
    const timed = redis as unknown as { socketTimeoutTimer: NodeJS.Timeout | undefined };
    clearTimeout(timed.socketTimeoutTimer);
    timed.socketTimeoutTimer = undefined;
  });
}

/** Of a Cluster that cannot be reached, ioredis queues the commands without a time-out: they would wait for ever. */
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
    // CLIENT SETINFO is unknown to Redis 7.0.
    disableClientInfo: true,
    connectTimeout: settings.connectTimeoutMs,
    keepAlive: KEEP_ALIVE_MS,
    // What was sent and not answered fails at once; its sender knows whether it may be repeated. A Cluster sends it again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    ...(purpose === "blocking"
      ? { retryStrategy: () => null }
      : {
          retryStrategy: reconnectDelayMs,
          reconnectOnError: leavesDemotedServers(),
          commandTimeout: settings.commandTimeoutMs,
          // A command that times out leaves its connection open. One that answers nothing at all is given up.
          socketTimeout: settings.commandTimeoutMs + SOCKET_TIMEOUT_MARGIN_MS,
        }),
  };
}

/** Errors of a server that is a replica by now, or becomes one: the master is elsewhere, and a new connection finds it. */
const DEMOTED = /^(READONLY|MASTERDOWN|LOADING)\b/;

/**
 * Says of an error whether to connect anew. A fail-over can leave connections to the former master open. Not more often
 * than once in a while: a server that is a replica for good would be connected to again and again.
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

/** Doubling from 50 ms, capped, with jitter so that workers do not reconnect in step. */
function reconnectDelayMs(times: number): number {
  const ceiling = Math.min(RECONNECT_CAP_MS, 50 * 2 ** Math.min(times, 10));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}
