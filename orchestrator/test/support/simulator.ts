import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE } from "./compileCache.ts";

/** A real process of the upstream simulator, on a free loopback port. */
export type SimulatorProcess = AsyncDisposable & {
  readonly url: string;
  /** Changes how the simulated APIs behave; what is left out stays. */
  control(conditions: object): Promise<void>;
  /** What the chat or market API has seen. */
  stats(): Promise<Record<"chat" | "market", { received: number; answered: number; held: number; aborted: number }>>;
  /** Healthy again, with nothing counted. */
  reset(): Promise<void>;
  stop(): Promise<void>;
};

const HEALTHY = { latencyMs: 0, errorRate: 0, errorStatus: 500, stall: false };

const SCRIPT = fileURLToPath(new URL("../../../e2e/services/simulator/main.ts", import.meta.url));

/** Starts a simulator. @param port 0 takes a free one */
export async function startSimulator(port = 0): Promise<SimulatorProcess> {
  const child = spawn(process.execPath, [SCRIPT, "--port", String(port)], {
    env: { ...process.env, ...COMPILE_CACHE },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the simulator ended with ${code}`)));
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const found = /listens on (\S+)\n/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  const control = async (conditions: object) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/control`, { method: "PUT", headers, body: JSON.stringify(conditions) });
    if (!response.ok) throw new Error(await response.text());
  };
  return {
    url,
    stop,
    [Symbol.asyncDispose]: stop,
    control,
    reset: async () => {
      await control({ chat: HEALTHY, market: HEALTHY });
      await fetch(`${url}/control/stats`, { method: "DELETE" });
    },
    stats: async () => (await (await fetch(`${url}/control/stats`)).json()) as never,
  };
}
