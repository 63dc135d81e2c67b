import type { SettingValues } from "./settings.ts";

type Name = keyof SettingValues;
type Rule = { readonly names: readonly Name[]; readonly problemOf: (s: SettingValues) => string | undefined };

/** A rule that reads no other settings than those that it names. */
function rule<K extends Name>(
  names: readonly K[],
  holds: (s: Pick<SettingValues, K>) => boolean,
  problem: (s: Pick<SettingValues, K>) => string,
): Rule {
  return { names, problemOf: (s) => (holds(s) ? undefined : problem(s)) };
}

const notLess = <K extends Name>(larger: K, smaller: K) =>
  rule(
    [larger, smaller],
    (s) => s[larger] >= s[smaller],
    () => `${larger} must not be less than ${smaller}`,
  );

const together = <K extends Name>(one: K, other: K) =>
  rule(
    [one, other],
    (s) => isSet(s[one]) === isSet(s[other]),
    () => `${one} and ${other} belong together: set both or neither`,
  );

const exclusive = <K extends Name>(one: K, other: K) =>
  rule(
    [one, other],
    (s) => !(isSet(s[one]) && isSet(s[other])),
    () => `${one} and ${other} exclude each other`,
  );

const needsTls = <K extends Name>(name: K) =>
  rule(
    [name, "REDIS_URL"],
    (s) => !isSet(s[name]) || s.REDIS_URL.startsWith("rediss:"),
    () => `${name} needs a REDIS_URL that starts with rediss://`,
  );

const needsSentinels = <K extends Name>(name: K) =>
  rule(
    [name, "REDIS_SENTINELS"],
    (s) => !isSet(s[name]) || isSet(s.REDIS_SENTINELS),
    () => `${name} needs REDIS_SENTINELS`,
  );

/** What settings that are valid by themselves must satisfy together. */
const RULES: readonly Rule[] = [
  rule(
    ["ORPHAN_MIN_IDLE_MS", "LEASE_INTERVAL_MS"],
    (s) => s.ORPHAN_MIN_IDLE_MS > 2 * s.LEASE_INTERVAL_MS,
    (s) =>
      `ORPHAN_MIN_IDLE_MS (${s.ORPHAN_MIN_IDLE_MS}) must be more than twice LEASE_INTERVAL_MS (${s.LEASE_INTERVAL_MS}); otherwise tasks of healthy workers are claimed`,
  ),
  rule(
    ["ORPHAN_MIN_IDLE_MS", "BLOCK_MS", "REDIS_COMMAND_TIMEOUT_MS"],
    (s) => s.ORPHAN_MIN_IDLE_MS > s.BLOCK_MS + s.REDIS_COMMAND_TIMEOUT_MS,
    (s) =>
      `ORPHAN_MIN_IDLE_MS (${s.ORPHAN_MIN_IDLE_MS}) must exceed BLOCK_MS + REDIS_COMMAND_TIMEOUT_MS; otherwise entries are orphans before their worker receives them`,
  ),
  rule(
    ["WORKER_UNRESPONSIVE_MS", "TASK_TIMEOUT_MS", "TASK_OVERRIDES"],
    (s) => s.WORKER_UNRESPONSIVE_MS > longestTaskMs(s),
    (s) =>
      `WORKER_UNRESPONSIVE_MS (${s.WORKER_UNRESPONSIVE_MS}) must exceed the longest task timeout (${longestTaskMs(s)}); otherwise a worker is killed before it can abort its task`,
  ),
  rule(
    ["WORKER_UNRESPONSIVE_MS", "HEARTBEAT_INTERVAL_MS"],
    (s) => s.WORKER_UNRESPONSIVE_MS > 3 * s.HEARTBEAT_INTERVAL_MS,
    (s) =>
      `WORKER_UNRESPONSIVE_MS (${s.WORKER_UNRESPONSIVE_MS}) must exceed three times HEARTBEAT_INTERVAL_MS (${s.HEARTBEAT_INTERVAL_MS}); otherwise a worker is killed after one late heartbeat`,
  ),
  notLess("WORKER_RESTART_MAX_MS", "WORKER_RESTART_MIN_MS"),
  notLess("RETRY_CAP_MS", "RETRY_BASE_MS"),
  notLess("AUTOSCALE_MAX_WORKERS", "AUTOSCALE_MIN_WORKERS"),
  exclusive("REDIS_SENTINELS", "REDIS_CLUSTER_NODES"),
  together("REDIS_SENTINELS", "REDIS_SENTINEL_NAME"),
  rule(
    ["REDIS_WAIT_REPLICAS", "REDIS_WAIT_TIMEOUT_MS", "REDIS_COMMAND_TIMEOUT_MS"],
    (s) => s.REDIS_WAIT_REPLICAS === 0 || s.REDIS_WAIT_TIMEOUT_MS < s.REDIS_COMMAND_TIMEOUT_MS,
    () =>
      "REDIS_WAIT_TIMEOUT_MS must be less than REDIS_COMMAND_TIMEOUT_MS; otherwise a connection is closed while it waits",
  ),
  rule(
    ["REDIS_WAIT_REPLICAS", "REDIS_CLUSTER_NODES"],
    (s) => s.REDIS_WAIT_REPLICAS === 0 || !isSet(s.REDIS_CLUSTER_NODES),
    () => "REDIS_WAIT_REPLICAS does not work with REDIS_CLUSTER_NODES: set min-replicas-to-write on its nodes",
  ),
  together("REDIS_TLS_CERT_FILE", "REDIS_TLS_KEY_FILE"),
  needsTls("REDIS_TLS_CA_FILE"),
  needsTls("REDIS_TLS_CERT_FILE"),
  needsTls("REDIS_TLS_SERVER_NAME"),
  needsSentinels("REDIS_SENTINEL_USERNAME"),
  needsSentinels("REDIS_SENTINEL_PASSWORD_FILE"),
  exclusive("ADMIN_WITHOUT_TOKEN", "ADMIN_TOKEN_FILE"),
  rule(
    ["REDIS_CLUSTER_NODES", "KEY_PREFIX"],
    (s) => !isSet(s.REDIS_CLUSTER_NODES) || /\{[^{}]+\}/.test(s.KEY_PREFIX),
    (s) =>
      `KEY_PREFIX (${s.KEY_PREFIX}) must contain a hash tag such as {mcp} in a Redis Cluster; otherwise the keys are in different slots`,
  ),
];

/**
 * Finds settings that are valid by themselves but not together.
 *
 * @param valid the settings whose values are valid; a rule about any other is not checked
 */
export function contradictionsIn(valid: Partial<SettingValues>): string[] {
  return RULES.flatMap(({ names, problemOf }) => {
    if (!names.every((name) => name in valid)) return [];
    return problemOf(valid as SettingValues) ?? [];
  });
}

function isSet(value: SettingValues[Name]): boolean {
  return value === true || (typeof value === "string" && value !== "") || (Array.isArray(value) && value.length > 0);
}

function longestTaskMs(s: Pick<SettingValues, "TASK_TIMEOUT_MS" | "TASK_OVERRIDES">): number {
  return Math.max(s.TASK_TIMEOUT_MS, ...Object.values(s.TASK_OVERRIDES).map(({ timeoutMs }) => timeoutMs ?? 0));
}
