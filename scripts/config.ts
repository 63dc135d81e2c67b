import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { ROOT } from "./provision/command.ts";

/** The configurable ports, by their variables. */
export const PORT_VARIABLES = {
  orchestrator: "ORCHESTRATOR_PORT",
  prometheus: "PROMETHEUS_PORT",
  alertmanager: "ALERTMANAGER_PORT",
  inbox: "INBOX_PORT",
  simulator: "SIMULATOR_PORT",
  redis: "REDIS_PORT",
  dashboards: "DASHBOARDS_PORT",
} as const;

export type Part = keyof typeof PORT_VARIABLES;

/** Invalid values; each problem names its variable. */
class SettingsError extends Error {
  readonly code = "SETTINGS_INVALID";
  readonly subject = "environment";
}

/**
 * The ports from the environment, otherwise from `.env`.
 *
 * @throws SettingsError
 */
export function readPorts(environment: NodeJS.ProcessEnv = process.env): Record<Part, number> {
  const defaults = parseEnv(readFileSync(join(ROOT, ".env"), "utf8"));
  const problems: string[] = [];
  const taken = new Map<number, string>();
  const ports = Object.entries(PORT_VARIABLES).map(([part, variable]) => {
    const text = environment[variable] || defaults[variable] || "";
    const port = Number(text);
    const other = taken.get(port);
    if (!/^\d+$/.test(text) || port < 1 || port > 65_535) problems.push(`${variable} must be a port, not "${text}"`);
    else if (other !== undefined) problems.push(`${variable} and ${other} are both ${port}`);
    taken.set(port, variable);
    return [part, port] as const;
  });
  if (problems.length > 0) throw new SettingsError(problems.join("\n"));
  return Object.fromEntries(ports) as Record<Part, number>;
}
