import type { ServerRelease } from "../redis/serverRelease.ts";

type Version = readonly number[];

/** XAUTOCLAIM's list of deleted ids, and `redis.acl_check_cmd`. */
const OLDEST: Version = [7, 0];

/**
 * Newer commands that can do a part of the service's work, and the release from which they may be trusted with it. Why
 * most are not used: docs/adr/newer-commands.md has the measurements.
 */
const NEWER_COMMANDS: readonly { readonly name: string; readonly since: Version; readonly use: string }[] = [
  { name: "XACKDEL", since: [8, 2, 3], use: "used where permitted" },
  { name: "XREADGROUP CLAIM", since: [8, 4], use: "not needed" },
  { name: "XADD IDMP", since: [8, 6], use: "not needed" },
];

/** What follows from the version that a server tells. */
export type VersionReport = {
  readonly enough: boolean;
  readonly detail: string;
};

/** Judges a server by the release of Redis that it is compatible with. Whether an argument is known shows in nothing else. */
export function judgeVersion({ name, version, compatibleVersion }: ServerRelease): VersionReport {
  const compatible = compatibleVersion.split(".").map(Number);
  const shown = name === "redis" ? version : `${name} ${version}`;
  if (!isAtLeast(compatible, OLDEST)) {
    return { enough: false, detail: `${shown || "unknown"}, but ${OLDEST.join(".")} is the oldest that will do` };
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
