import type { Info } from "./info.ts";

/** Name and version of the server: Redis or a compatible one. */
export type ServerRelease = {
  /** `redis` or `valkey`. */
  readonly name: string;
  /** Its own version, such as `9.1.2`; empty if it does not report one. */
  readonly version: string;
  /** The Redis release with which it is compatible; for Redis itself the same as `version`. */
  readonly compatibleVersion: string;
};

/** Reads the section server. Valkey reports its own version, and the Redis version with which it is compatible. */
export function serverReleaseOf(info: Info): ServerRelease {
  const field = (name: string) => info.get(name) ?? "";
  const compatibleVersion = field("redis_version");
  const name = field("server_name") || "redis";
  return { name, version: field(`${name}_version`) || compatibleVersion, compatibleVersion };
}
