import type { Keys } from "../keys.ts";
import type { RedisClient } from "../redis/connection.ts";

/** The switches, shared by all replicas. */
export type ControlsState = {
  readonly rateLimit: {
    readonly enabled: boolean;
    /** Tasks per second; 0 while enabled refuses everything. */
    readonly perSecond: number;
  };
  readonly expressBypass: boolean;
  /** Types that are paused. */
  readonly paused: readonly string[];
};

/** Fields of the controls hash; `enqueue.lua` reads the first three. */
const FIELDS = {
  expressBypass: "express-bypass",
  rateLimit: "rate-limit",
  rate: "rate",
  pausedPrefix: "paused:",
} as const;

/** Reads and turns the switches. Each takes effect on all replicas: at once for submissions, within 1 s for workers. */
export class Controls {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #configuredRate: number;

  /** @param configuredRate tasks per second that hold while the switch is not set; 0 means no limit */
  constructor(redis: RedisClient, keys: Keys, configuredRate: number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#configuredRate = configuredRate;
  }

  async read(): Promise<ControlsState> {
    return parseControls(await this.#redis.hgetall(this.#keys.controls), this.#configuredRate);
  }

  /**
   * Turns the rate limit on.
   *
   * @param perSecond the configured rate when absent; 0, also from there, refuses every new task
   */
  async enableRateLimit(perSecond: number = this.#configuredRate): Promise<ControlsState> {
    await this.#redis.hset(this.#keys.controls, FIELDS.rateLimit, "1", FIELDS.rate, String(perSecond));
    return await this.read();
  }

  async disableRateLimit(): Promise<ControlsState> {
    await this.#redis.hset(this.#keys.controls, FIELDS.rateLimit, "0");
    return await this.read();
  }

  /** Express tasks take the regular lane while it is on. */
  async setExpressBypass(on: boolean): Promise<ControlsState> {
    await this.#redis.hset(this.#keys.controls, FIELDS.expressBypass, on ? "1" : "0");
    return await this.read();
  }

  /** Workers stop taking tasks of this type; what runs goes on, what is submitted waits. */
  async pause(type: string): Promise<ControlsState> {
    await this.#redis.hset(this.#keys.controls, FIELDS.pausedPrefix + type, "1");
    return await this.read();
  }

  async resume(type: string): Promise<ControlsState> {
    await this.#redis.hdel(this.#keys.controls, FIELDS.pausedPrefix + type);
    return await this.read();
  }
}

/** State of the switches from the fields of the controls hash. */
export function parseControls(fields: Readonly<Record<string, string>>, configuredRate: number): ControlsState {
  const flag = fields[FIELDS.rateLimit];
  return {
    rateLimit: {
      enabled: flag === undefined ? configuredRate > 0 : flag === "1",
      perSecond: Number(fields[FIELDS.rate] ?? configuredRate),
    },
    expressBypass: fields[FIELDS.expressBypass] === "1",
    paused: Object.keys(fields)
      .filter((field) => field.startsWith(FIELDS.pausedPrefix))
      .map((field) => field.slice(FIELDS.pausedPrefix.length))
      .toSorted(),
  };
}

/** True while a type is paused; all that a worker has to know. */
export async function readPaused(redis: RedisClient, keys: Keys, type: string): Promise<boolean> {
  return (await redis.hget(keys.controls, FIELDS.pausedPrefix + type)) === "1";
}
