import type { Log } from "../log.ts";
import { connectionFailure } from "../redis/redisError.ts";

type Connection = {
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "ready" | "close", listener: () => void): unknown;
};

/**
 * Logs the loss of a connection once and its return once, for any number of reconnection attempts.
 *
 * @returns a function to call before closing the connection on purpose
 */
export function logConnection(redis: Connection, log: Log): () => void {
  let down = false;
  const lost = (why: string) => {
    if (!down) log.error(`Redis connection lost or unavailable: ${why}`);
    down = true;
  };
  redis.on("error", (error) => lost(connectionFailure(error)));
  redis.on("close", () => lost("closed"));
  redis.on("ready", () => {
    if (down) log.info("Redis connection restored");
    down = false;
  });
  return () => {
    down = true;
  };
}
