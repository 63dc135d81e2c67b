import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { RedisClient } from "./connection.ts";
import { redisErrorKind } from "./redisError.ts";

/** A Lua script of `redis/lua/`, run by its digest and sent whole only where the server does not know it yet. */
export class Script {
  readonly name: string;
  readonly source: string;
  readonly sha1: string;

  /** @param name file name without `.lua` */
  constructor(name: string, source = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), "utf8")) {
    this.name = name;
    this.source = source;
    this.sha1 = createHash("sha1").update(source).digest("hex");
  }

  /** The same script for a server that is over its memory limit, where it would otherwise be refused as a whole. */
  allowingOom(): Script {
    return new Script(this.name, this.source.replace(/^#!lua\b.*/, "#!lua flags=allow-oom"));
  }

  /**
   * Runs the script.
   *
   * @param keys at least one: in a Cluster it decides the node
   * @returns the reply as Redis gives it; the caller knows its shape
   */
  async run<T>(redis: RedisClient, keys: readonly string[], args: readonly (string | number)[]): Promise<T> {
    const rest = keys.length === 0 ? args : keys.concat(args as string[]);
    try {
      return (await redis.evalsha(this.sha1, keys.length, ...(rest as string[]))) as T;
    } catch (error) {
      if (redisErrorKind(error) !== "noscript") throw error;
      return (await redis.eval(this.source, keys.length, ...(rest as string[]))) as T;
    }
  }
}
