import type { ServerRelease } from "../redis/serverRelease.ts";

type Version = readonly number[];

/** The first release in which XAUTOCLAIM reports deleted ids, and with `redis.acl_check_cmd`. */
const OLDEST: Version = [7, 0];

/**
 * Newer commands that could replace a part of the service, with the first release in which they are reliable. Why most are
 * not used: see docs/adr/newer-commands.md.
 */
const NEWER_COMMANDS: readonly { readonly name: string; readonly since: Version; readonly use: string }[] = [
  { name: "XACKDEL", since: [8, 2, 3], use: "used where permitted" },
  { name: "XREADGROUP CLAIM", since: [8, 4], use: "not needed" },
  { name: "XADD IDMP", since: [8, 6], use: "not needed" },
];

/** The assessment of the version of a server. */
export type VersionReport = {
  readonly enough: boolean;
  readonly detail: string;
};

/** Assesses a server by the Redis release with which it is compatible. Arguments of commands cannot be tested otherwise. */
export function judgeVersion({ name, version, compatibleVersion }: ServerRelease): VersionReport {
  const compatible = compatibleVersion.split(".").map(Number);
  const shown = name === "redis" ? version : `${name} ${version}`;
  if (!isAtLeast(compatible, OLDEST)) {
    return { enough: false, detail: `${shown || "unknown"}, but ${OLDEST.join(".")} is the oldest supported` };
  }
  const known = NEWER_COMMANDS.filter(({ since }) => isAtLeast(compatible, since));
  const newer = known.map(({ name: command, use }) => `${command} (${use})`);
  return { enough: true, detail: `${shown}, with ${newer.join(", ") || "none of the newer commands"}` };
}

/** A part that is not a number is ignored. */
function isAtLeast(version: Version, least: Version): boolean {
  for (const [at, part] of least.entries()) {
    const own = version[at] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}
