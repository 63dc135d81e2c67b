import { OrchestratorError } from "../errors.ts";
import type { Keys } from "../keys.ts";
import type { RedisClient } from "./connection.ts";
import { Script } from "./script.ts";

/**
 * Version of the layout of the data in Redis that this release writes. Replicas of one major version may run side by side
 * and read each other's data; a minor version adds what others may ignore. docs/upgrading.md has the rules.
 *
 * - 1.0: the layout without a version in Redis.
 * - 1.1: this key; consumers of one life of a process; delivery counts of twice the deaths plus one; digests.
 */
export const SCHEMA = { major: 1, minor: 1 } as const;

/** The data in Redis were written by a release whose layout this one does not know. */
export class SchemaError extends OrchestratorError {
  /** @param key where the version is @param stored the version that is there */
  constructor(key: string, stored: string) {
    super(
      "SCHEMA_UNKNOWN",
      key,
      /^\d+\.\d+$/.test(stored)
        ? `The data in Redis have schema ${stored}, and this release knows schema ${SCHEMA.major}: start a release that knows it, or use another KEY_PREFIX or database (docs/upgrading.md)`
        : `The key ${key} does not hold a schema version: ${stored.slice(0, 50)}. Delete the key if something else wrote it, or use another KEY_PREFIX or database`,
    );
  }
}

const script = new Script("schema");

/**
 * Compares the layout of the data in Redis with the one of this release. Writes the version of this release where there is
 * none, or an older one.
 *
 * @returns the version that was there, undefined for none
 * @throws SchemaError where the data are not to be touched by this release; another error when Redis does not answer
 */
export async function checkSchema(redis: RedisClient, keys: Keys): Promise<string | undefined> {
  const stored = await script.run<string>(redis, [keys.schema], [SCHEMA.major, SCHEMA.minor]);
  if (stored === "") return undefined;
  const major = /^(\d+)\.\d+$/.exec(stored)?.[1];
  if (major === undefined || Number(major) > SCHEMA.major) throw new SchemaError(keys.schema, stored);
  return stored;
}
