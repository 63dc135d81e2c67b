import { Cluster, Redis } from "ioredis";

/** A connection to one Redis server, to a Sentinel set or to a Cluster: the commands are the same. */
export type RedisClient = Redis | Cluster;

type Node = { readonly host: string; readonly port: number };

/** Where Redis is and who we are there. */
export type RedisSettings = {
  /** `redis://` or `rediss://`; with Sentinels or a Cluster it still gives the scheme and the database. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly sentinels: readonly Node[];
  readonly sentinelName: string;
  readonly clusterNodes: readonly Node[];
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
    const sentinels = [...settings.sentinels];
    return forgetTimeoutWhenClosed(new Redis({ ...options, sentinels, name: settings.sentinelName }));
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
  const tls = url.protocol === "rediss:" ? { tls: { servername: url.hostname } } : {};
  return {
    ...tls,
    connectionName: name,
    // CLIENT SETINFO is unknown to Redis 7.0.
    disableClientInfo: true,
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: settings.password }),
    connectTimeout: settings.connectTimeoutMs,
    keepAlive: KEEP_ALIVE_MS,
    // What was sent and not answered fails at once; its sender knows whether it may be repeated.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    ...(purpose === "blocking"
      ? { retryStrategy: () => null }
      : {
          retryStrategy: reconnectDelayMs,
          commandTimeout: settings.commandTimeoutMs,
          // A command that times out leaves its connection open. One that answers nothing at all is given up.
          socketTimeout: settings.commandTimeoutMs + SOCKET_TIMEOUT_MARGIN_MS,
        }),
  };
}

/** Doubling from 50 ms, capped, with jitter so that workers do not reconnect in step. */
function reconnectDelayMs(times: number): number {
  const ceiling = Math.min(RECONNECT_CAP_MS, 50 * 2 ** Math.min(times, 10));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}
