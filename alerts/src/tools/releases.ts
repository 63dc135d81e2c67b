import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Releases that everything generated must support: the oldest supported one and a current one. */
export const PROMETHEUS_RELEASES = ["2.42", "3.5"] as const;
export const ALERTMANAGER_RELEASES = ["0.25", "0.33"] as const;

export type PrometheusRelease = (typeof PROMETHEUS_RELEASES)[number];
export type AlertmanagerRelease = (typeof ALERTMANAGER_RELEASES)[number];

/** Where `scripts/debian/other-releases.sh` unpacks missing releases: `<package>-<release>/<tool>`. */
const CACHE = fileURLToPath(new URL("../../../.cache/tools", import.meta.url));

/** A required tool is missing. Never a reason to skip a test. */
export class ToolMissingError extends Error {
  readonly code = "TOOL_MISSING";
  readonly subject: string;

  constructor(name: string, release: string) {
    super(`${name} ${release} is neither on PATH nor in ${CACHE}; scripts/debian/other-releases.sh fetches it`);
    this.name = "ToolMissingError";
    this.subject = `${name} ${release}`;
  }
}

/** Path of a release of promtool. @throws ToolMissingError */
export const promtool = (release: PrometheusRelease): string => find("promtool", ["promtool"], "prometheus", release);

/** Path of a release of Prometheus. @throws ToolMissingError */
export const prometheus = (release: PrometheusRelease): string =>
  find("prometheus", ["prometheus"], "prometheus", release);

/** Path of a release of amtool. @throws ToolMissingError */
export const amtool = (release: AlertmanagerRelease): string => find("amtool", ["amtool"], "alertmanager", release);

/** Path of a release of Alertmanager. @throws ToolMissingError */
export const alertmanager = (release: AlertmanagerRelease): string =>
  find("alertmanager", ["alertmanager", "prometheus-alertmanager"], "alertmanager", release);

const found = new Map<string, string>();

function find(tool: string, names: readonly string[], folder: string, release: string): string {
  const key = `${tool} ${release}`;
  const known = found.get(key);
  if (known !== undefined) return known;
  const unpacked = [join(CACHE, `${folder}-${release}`), join(CACHE, "bin")];
  // A name without a path is looked up on PATH when it runs.
  const candidates = [...unpacked.flatMap((place) => names.map((name) => join(place, name))), ...names];
  for (const candidate of candidates) {
    if (!isRelease(candidate, release)) continue;
    found.set(key, candidate);
    return candidate;
  }
  throw new ToolMissingError(tool, release);
}

/** Old releases print their version to standard error. */
function isRelease(command: string, release: string): boolean {
  const { stdout, stderr } = spawnSync(command, ["--version"], { encoding: "utf8" });
  return `${stdout ?? ""}${stderr ?? ""}`.includes(`version ${release}.`);
}
