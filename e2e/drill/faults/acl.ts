import type { Redis } from "ioredis";

/** Redis keeps one entry for similar refusals, the newest first. */
const NEWEST_REFUSALS = 16;

/** Permissions of the service's Redis user, changed by an administrator. */
export class AclUser {
  readonly #admin: Redis;
  readonly #name: string;

  constructor(admin: Redis, name: string) {
    this.#admin = admin;
    this.#name = name;
  }

  /** Only commands that this server has: Redis rejects a rule about any other. */
  async known(commands: readonly string[]): Promise<string[]> {
    const infos = (await this.#admin.command("INFO", ...commands)) as unknown[];
    return commands.filter((_, index) => infos[index] !== null);
  }

  /**
   * Takes commands away, also from scripts.
   *
   * @param exceptOn key patterns on which they remain allowed
   */
  async revoke(commands: readonly string[], exceptOn: readonly string[] = []): Promise<void> {
    const rules = commands.map((command) => `-${command}`);
    const selector = `(${[...commands.map((command) => `+${command}`), ...exceptOn.map((key) => `~${key}`)].join(" ")})`;
    await this.#set("clearselectors", ...rules, ...(exceptOn.length === 0 ? [] : [selector]));
  }

  /** Gives commands back. */
  async grant(commands: readonly string[]): Promise<void> {
    await this.#set("clearselectors", ...commands.map((command) => `+${command}`));
  }

  /** A text that changes with each refusal of the user. */
  async denials(): Promise<number> {
    const log = (await this.#admin.call("ACL", "LOG", NEWEST_REFUSALS)) as unknown[][];
    return log
      .map((entry) => new Map(pairs(entry)))
      .filter((entry) => entry.get("username") === this.#name)
      .reduce((sum, entry) => sum + Number(entry.get("count")), 0);
  }

  async #set(...rules: string[]): Promise<void> {
    await this.#admin.call("ACL", "SETUSER", this.#name, ...rules);
  }
}

function pairs(flat: readonly unknown[]): [unknown, unknown][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index], flat[2 * index + 1]]);
}
