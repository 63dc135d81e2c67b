import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { RECORD_STATES } from "../recordState.ts";
import type { RedisClient } from "./connection.ts";
import { redisErrorKind } from "./redisError.ts";

/** A Lua script of `redis/lua/`. It runs by its digest; the source is sent only if the server does not have it yet. */
export class Script {
  readonly name: string;
  readonly source: string;
  readonly sha1: string;

  /** @param name file name without `.lua`. A line `-- include x` stands for the function in `shared/x.lua`. */
  constructor(name: string, source = sourceOf(name)) {
    this.name = name;
    const whole = source.replaceAll(/^-- include (\w+)\n/gm, (_, shared) => sourceOf(`shared/${shared}`));
    this.source = whole.replaceAll(/\bSTATE\.(\w+)/g, (_, state) => stateLetter(name, state));
    this.sha1 = createHash("sha1").update(this.source).digest("hex");
  }

  /** The same script, which Redis then also runs while it is over its memory limit. */
  allowingOom(): Script {
    return new Script(this.name, this.source.replace(/^#!lua\b.*/, "#!lua flags=allow-oom"));
  }

  /**
   * Runs the script.
   *
   * @param keys at least one, because in a Cluster the first one selects the node
   * @returns the raw reply; the caller knows its type
   */
  async run<T>(redis: RedisClient, keys: readonly string[], args: readonly (string | number)[]): Promise<T> {
    return await this.#send((command, text) => redis[command](text, keys.length, ...keys, ...args) as Promise<T>);
  }

  /**
   * Runs the script and waits until its writes have reached a number of replicas. Sends both commands together: WAIT covers
   * only writes of its own connection, and the client may reconnect in between.
   *
   * @returns the reply, and the number of replicas that confirmed in time
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

  /** Sends the digest; if the server does not know it, the source. */
  async #send<T>(send: (command: "evalsha" | "eval", text: string) => Promise<T>): Promise<T> {
    try {
      return await send("evalsha", this.sha1);
    } catch (error) {
      if (redisErrorKind(error) !== "noscript") throw error;
      return await send("eval", this.source);
    }
  }
}

function sourceOf(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), "utf8");
}

/** The letter of a record state as a Lua literal. A Lua table of them would be built at each call. */
function stateLetter(script: string, state: string): string {
  if (Object.hasOwn(RECORD_STATES, state)) return `'${RECORD_STATES[state as keyof typeof RECORD_STATES]}'`;
  throw new RangeError(`${script}.lua: a record has no state ${state}`);
}
