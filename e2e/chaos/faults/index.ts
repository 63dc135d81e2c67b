import { HEALTHY } from "../../services/simulator/index.ts";
import { signalPid } from "../../testkit/process/signals.ts";
import { killScript } from "../../testkit/servers/redisFaults.ts";
import { until } from "../../testkit/until.ts";
import { type Fault, REPLICAS, TYPES } from "../schedule.ts";
import type { FaultContext, Injector, Injectors } from "./fault.ts";
import { networkFaults } from "./network.ts";
import { operatorFaults } from "./operators.ts";
import { processFaults } from "./processes.ts";
import { redisFaults } from "./redis.ts";

const INJECTORS: Injectors<Fault["kind"]> = { ...processFaults, ...redisFaults, ...networkFaults, ...operatorFaults };

/** Injects one fault, for as long as it lasts. */
export async function inject(context: FaultContext, fault: Fault): Promise<void> {
  await (INJECTORS[fault.kind] as Injector<Fault["kind"]>)(context, fault);
}

const REMOVAL_TIMEOUT_MS = 20_000;

/** Removes every fault outside the service, also one whose removal another fault prevented. */
export async function removeAll({ system, signal }: FaultContext): Promise<void> {
  const { redis, simulator, upstreamLinks } = system;
  for (const replica of system.replicas) {
    replica.signal("SIGCONT");
    for (const pid of await replica.workers()) signalPid(pid, "SIGCONT");
  }
  for (const index of REPLICAS) system.setClock(index, 0);
  for (const link of [...redis.links, ...Object.values(upstreamLinks)]) link.set("pass");
  for (const api of Object.values(simulator.apis)) api.update(HEALTHY);
  await redis.sentinel?.start();
  for (const server of redis.servers) {
    server.signal("SIGCONT");
    await server.start();
    await killScript(server.admin);
    await until("Redis to be free", { timeoutMs: REMOVAL_TIMEOUT_MS, signal }, async () => {
      await server.admin.config(
        "SET",
        "replica-serve-stale-data",
        "yes",
        "maxmemory",
        "0",
        "min-replicas-to-write",
        "0",
      );
    });
  }
  await redis.restoreRoles();
  await redis.setUser(...redis.rights);
}

/** Turns every switch of an operator back. @returns the requests that the service did not accept in time */
export async function turnBackSwitches({ client }: FaultContext, timeoutMs: number): Promise<string[]> {
  const orders = [
    ...TYPES.map((type) => client.order(`/api/v1/admin/types/${type}/resume`, {}, timeoutMs)),
    ...REPLICAS.flatMap((replica) =>
      TYPES.map((type) => client.order("/api/v1/admin/workers/scale", { type, count: 1 }, timeoutMs, replica)),
    ),
    client.order("/api/v1/admin/rate-limit/disable", {}, timeoutMs),
    client.order("/api/v1/admin/express-bypass/disable", {}, timeoutMs),
  ];
  const outcomes = await Promise.allSettled(orders);
  return outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason.message)] : []));
}
