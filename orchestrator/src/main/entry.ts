import { loadConfig } from "../config.ts";
import { ConfigError, messageOf } from "../errors.ts";
import { createLog, openLogSink, secretsOf } from "../log.ts";
import { SchemaError } from "../redis/schema.ts";
import { startService } from "../service.ts";
import { LOG_CLOSE_TIMEOUT_MS } from "../shutdown.ts";
import { within } from "../within.ts";

/** Entry point of the main process: reads the configuration, starts the service, and stops it in order on a signal. */

/**
 * Exit status for an invalid configuration, or for data in Redis that this release does not support (EX_CONFIG of
 * sysexits.h). A restart does not help.
 */
const EXIT_CONFIG = 78;

const config = (() => {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
})();
const sink = openLogSink(config.log);
const log = createLog(config.log.level, sink, secretsOf(config));

/** Exits at once. The workers then exit by themselves. */
async function die(error: unknown): Promise<never> {
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", () => process.exit(1));
  if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") {
    log.fatal(
      {},
      `Orchestrator ends: PORT ${config.http.port} of HOST ${config.http.host} is already in use (EADDRINUSE)`,
    );
  } else if (error instanceof SchemaError) log.fatal({}, `Orchestrator ends: ${error.message}`);
  else log.fatal({ err: error }, `Orchestrator ends: ${messageOf(error)}`);
  await within(sink.close(), LOG_CLOSE_TIMEOUT_MS, undefined);
  process.exit(error instanceof SchemaError ? EXIT_CONFIG : 1);
}
process.on("uncaughtException", (error) => void die(error));

const stopRequested = Promise.withResolvers<NodeJS.Signals>();
let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (stopping) {
      log.warn({ signal }, "Second signal: exit at once");
      process.exit(1);
    }
    stopping = true;
    stopRequested.resolve(signal);
  });
}

try {
  const service = await startService(config, log, sink);
  const signal = await Promise.race([stopRequested.promise, service.failed]);
  log.info({ signal }, "Stopping: accepting no new tasks, finishing tasks in flight");
  await service.stop();
  log.info("Stopped");
  await within(sink.close(), LOG_CLOSE_TIMEOUT_MS, undefined);
  process.exit(0);
} catch (error) {
  await die(error);
}
