/** Which server it is: Redis, or one that is compatible. */
export type ServerRelease = {
  /** `redis` or `valkey`. */
  readonly name: string;
  /** Its own version, such as `9.1.2`; empty where it does not say. */
  readonly version: string;
  /** The release of Redis whose commands it has; the same as `version` for Redis itself. */
  readonly compatibleVersion: string;
};

/** Reads INFO server. Valkey reports its own version beside that of the Redis that it is compatible with. */
export function parseServerRelease(info: string): ServerRelease {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
  const compatibleVersion = field("redis_version");
  const name = field("server_name") || "redis";
  return { name, version: field(`${name}_version`) || compatibleVersion, compatibleVersion };
}
