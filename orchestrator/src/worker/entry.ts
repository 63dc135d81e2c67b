import { loadConfig } from "../config.ts";
import { describeError } from "../errors.ts";
import { createLog, secretsOf, stdoutSink } from "../log.ts";
import { workerName } from "../supervisor/workerProcess.ts";
import { runWorker } from "./runWorker.ts";

/** Entry point of a worker process. The supervisor forks it with a type and a number; it serves both lanes of the type. */
const type = process.argv[2] ?? "";
const index = Number(process.argv[3]);
if (process.send === undefined || type === "" || !Number.isInteger(index)) {
  process.stderr.write("worker.mjs is started by the orchestrator (main.ts), not by hand\n");
  process.exit(64);
}

// A worker must end with its main process: nothing else renews its leases or restarts it.
process.on("disconnect", () => process.exit(1));
if (!process.connected) process.exit(1);

const config = loadConfig();
const name = workerName(type, index);
const log = createLog(config.log.level, stdoutSink, secretsOf(config), { worker: name });

// A handler may have thrown anything, not only an Error.
process.on("uncaughtException", (error: unknown) => {
  const { name: error_name, message, stack } = describeError(error);
  log.fatal({ err: { type: error_name, message, stack } }, `Worker ${name} crashed: ${message}`);
  process.exit(1);
});

await runWorker({ type, index, config, log });
