import type { Keys } from "../keys.ts";
import type { RedisClient } from "../redis/connection.ts";

/** The runtime switches, shared by all replicas. */
export type SwitchesState = {
  readonly rateLimit: {
    readonly enabled: boolean;
    /** Tasks per second; 0 while enabled rejects every task. */
    readonly perSecond: number;
  };
  readonly expressBypass: boolean;
  /** Paused types. */
  readonly paused: readonly string[];
};

/** Fields of the hash that has them; `enqueue.lua` reads the first three. */
const FIELDS = {
  expressBypass: "express-bypass",
  rateLimit: "rate-limit",
  rate: "rate",
  pausedPrefix: "paused:",
} as const;

/** Reads and sets the switches. A change applies to all replicas: at once to submissions, within 1 s to workers. */
export class Switches {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #configuredRate: number;

  /** @param configuredRate tasks per second while the switch is not set; 0 means no limit */
  constructor(redis: RedisClient, keys: Keys, configuredRate: number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#configuredRate = configuredRate;
  }

  async read(): Promise<SwitchesState> {
    return parseSwitches(await this.#redis.hgetall(this.#keys.switches), this.#configuredRate);
  }

  /**
   * Enables the rate limit.
   *
   * @param perSecond default: the configured rate; 0 rejects every new task
   */
  async enableRateLimit(perSecond: number = this.#configuredRate): Promise<SwitchesState> {
    await this.#redis.hset(this.#keys.switches, FIELDS.rateLimit, "1", FIELDS.rate, String(perSecond));
    return await this.read();
  }

  async disableRateLimit(): Promise<SwitchesState> {
    await this.#redis.hset(this.#keys.switches, FIELDS.rateLimit, "0");
    return await this.read();
  }

  /** While the bypass is on, express tasks go to the regular lane. */
  async setExpressBypass(on: boolean): Promise<SwitchesState> {
    await this.#redis.hset(this.#keys.switches, FIELDS.expressBypass, on ? "1" : "0");
    return await this.read();
  }

  /** Stops starting tasks of this type. Running tasks continue; new tasks are accepted and wait. */
  async pause(type: string): Promise<SwitchesState> {
    await this.#redis.hset(this.#keys.switches, FIELDS.pausedPrefix + type, "1");
    return await this.read();
  }

  async resume(type: string): Promise<SwitchesState> {
    await this.#redis.hdel(this.#keys.switches, FIELDS.pausedPrefix + type);
    return await this.read();
  }
}

/** Reads the switches from the fields of their hash. */
export function parseSwitches(fields: Readonly<Record<string, string>>, configuredRate: number): SwitchesState {
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

/** Reads the pause switch of one type, the only switch that a worker needs. */
export async function readPaused(redis: RedisClient, keys: Keys, type: string): Promise<boolean> {
  return (await redis.hget(keys.switches, FIELDS.pausedPrefix + type)) === "1";
}
