import { OrchestratorError } from "../errors.ts";
import type { Keys } from "../keys.ts";
import type { RedisClient } from "./connection.ts";
import { Script } from "./script.ts";

/**
 * Version of the data layout that this release writes to Redis. Replicas with the same major version may run side by side
 * and read each other's data; a minor version adds data that others may ignore. See docs/guides/upgrading.md.
 *
 * - 1.0: the layout without a version in Redis.
 * - 1.1: this version key; consumers that belong to one process; delivery counts that hold deaths; digests.
 */
export const SCHEMA = { major: 1, minor: 1 } as const;

/** The data in Redis have a layout that this release does not know. */
export class SchemaError extends OrchestratorError {
  /** @param key key of the version @param stored the version found there */
  constructor(key: string, stored: string) {
    super(
      "SCHEMA_UNKNOWN",
      key,
      /^\d+\.\d+$/.test(stored)
        ? `The data in Redis have schema ${stored}, but this release supports schema ${SCHEMA.major}: start a newer release, or use another KEY_PREFIX or database (docs/guides/upgrading.md)`
        : `The key ${key} does not contain a schema version: ${stored.slice(0, 50)}. Delete the key if another program wrote it, or use another KEY_PREFIX or database`,
    );
  }
}

const script = new Script("schema");

/**
 * Checks that this release supports the data layout in Redis. Writes its own version if there is none, or an older one.
 *
 * @returns the version before the call; undefined if there was none
 * @throws SchemaError if this release must not touch the data; another error if Redis does not answer
 */
export async function checkSchema(redis: RedisClient, keys: Keys): Promise<string | undefined> {
  const stored = await script.run<string>(redis, [keys.schema], [SCHEMA.major, SCHEMA.minor]);
  if (stored === "") return undefined;
  const major = /^(\d+)\.\d+$/.exec(stored)?.[1];
  if (major === undefined || Number(major) > SCHEMA.major) throw new SchemaError(keys.schema, stored);
  return stored;
}
