import { parseArgs } from "node:util";
import { startSimulator } from "./server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8091" },
    host: { type: "string", default: "127.0.0.1" },
  },
});
const simulator = await startSimulator({ port: Number(values.port), host: values.host });
process.stdout.write(`Upstream simulator listens on ${simulator.url}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void simulator.stop());
