import type { ApiClient } from "./apiClient.ts";

/** What is read of the answers of the API. */
type Queues = {
  readonly queues: readonly { readonly lag: number; readonly delayed: number; readonly unaccounted: number }[];
  readonly dead_letters?: number;
  readonly server: {
    readonly name: string;
    readonly version: string;
    readonly memory: { readonly used_bytes: number; readonly max_bytes: number };
  };
  readonly controls: {
    readonly rate_limit: { readonly enabled: boolean; readonly per_second: number };
    readonly express_bypass: boolean;
    readonly paused: readonly string[];
  };
};
type Workers = {
  readonly types: readonly { readonly type: string; readonly active: number; readonly wanted: number }[];
};

/** The service at a glance: its Redis server, its workers, what waits, and what an operator has changed. */
export async function serviceStatus(api: ApiClient): Promise<Record<string, string | number>> {
  const [{ queues, server, controls, dead_letters: deadLetters }, { types }] = await Promise.all([
    api.get("/api/v1/queues") as Promise<Queues>,
    api.get("/api/v1/workers/status") as Promise<Workers>,
  ]);
  const total = (member: "lag" | "delayed" | "unaccounted") => queues.reduce((sum, queue) => sum + queue[member], 0);
  const changed = [
    ...(controls.rate_limit.enabled ? [`rate limit of ${controls.rate_limit.per_second}/s`] : []),
    ...(controls.express_bypass ? ["express bypass"] : []),
    ...controls.paused.map((type) => `${type} paused`),
  ];
  return {
    server: `${server.name} ${server.version}`.trim(),
    memory: memoryText(server.memory),
    workers: types.map(({ type, active, wanted }) => `${active} of ${wanted} ${type}`).join(", ") || "none",
    unfinished: total("lag"),
    delayed: total("delayed"),
    dead_letters: deadLetters ?? "unknown",
    unaccounted: total("unaccounted"),
    changed_by_operators: changed.join(", ") || "nothing",
  };
}

function memoryText({ used_bytes: used, max_bytes: most }: Queues["server"]["memory"]): string {
  const megabytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
  return most === 0 ? `${megabytes(used)}, no limit` : `${Math.round((100 * used) / most)} % of ${megabytes(most)}`;
}
