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
    return await this.#send((command, text) => redis[command](text, keys.length, ...keys, ...args) as Promise<T>);
  }

  /**
   * Runs the script, and waits until its writes have reached some replicas. Both commands are sent at once: WAIT is about
   * what its own connection has written, and a connection may be another one a moment later.
   *
   * @returns the reply, and how many replicas were reached in time
   */
  async runReplicated<T>(
    redis: RedisClient,
    keys: readonly string[],
    args: readonly (string | number)[],
    { replicas, timeoutMs }: { readonly replicas: number; readonly timeoutMs: number },
  ): Promise<[reply: T, reached: number]> {
    return await this.#send((command, text) =>
      Promise.all([
        redis[command](text, keys.length, ...keys, ...args) as Promise<T>,
        redis.call("WAIT", String(replicas), String(timeoutMs)) as Promise<number>,
      ]),
    );
  }

  /** By its digest, or whole where the server does not know that. */
  async #send<T>(send: (command: "evalsha" | "eval", text: string) => Promise<T>): Promise<T> {
    try {
      return await send("evalsha", this.sha1);
    } catch (error) {
      if (redisErrorKind(error) !== "noscript") throw error;
      return await send("eval", this.source);
    }
  }
}
