import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";

type Connection = {
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "ready" | "close", listener: () => void): unknown;
};

/**
 * Logs the loss of a connection once and its return once, however often the client tries in between.
 *
 * @returns a function to call before the connection is closed on purpose
 */
export function logConnection(redis: Connection, log: Log): () => void {
  let down = false;
  const lost = (fields: object, why: string) => {
    if (!down) log.error(fields, `Redis connection lost or unavailable: ${why}`);
    down = true;
  };
  redis.on("error", (error) => lost({ err: error }, messageOf(error)));
  redis.on("close", () => lost({}, "closed"));
  redis.on("ready", () => {
    if (down) log.info("Redis connection is back");
    down = false;
  });
  return () => {
    down = true;
  };
}
