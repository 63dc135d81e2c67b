import { loadConfig } from "../config.ts";
import { ConfigError, messageOf } from "../errors.ts";
import { createLog, openLogSink, secretsOf } from "../log.ts";
import { SchemaError } from "../redis/schema.ts";
import { startService } from "../service.ts";
import { LAST_WORDS_MS } from "../shutdown.ts";
import { within } from "../within.ts";

/** The main process: reads the configuration, starts the service, and ends it in order on a signal. */

/**
 * Exit status for a configuration that is not usable, or data in Redis that are not for this release (EX_CONFIG of
 * sysexits.h): a restart would not help.
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

/** Ends at once; the workers notice that the main process is gone, and exit. */
async function die(error: unknown): Promise<never> {
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", () => process.exit(1));
  if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") {
    log.fatal({}, `Orchestrator ends: PORT ${config.http.port} of HOST ${config.http.host} is taken (EADDRINUSE)`);
  } else if (error instanceof SchemaError) log.fatal({}, `Orchestrator ends: ${error.message}`);
  else log.fatal({ err: error }, `Orchestrator ends: ${messageOf(error)}`);
  await within(sink.close(), LAST_WORDS_MS, undefined);
  process.exit(error instanceof SchemaError ? EXIT_CONFIG : 1);
}
process.on("uncaughtException", (error) => void die(error));

const stopRequested = Promise.withResolvers<NodeJS.Signals>();
let asked = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (asked) {
      log.warn({ signal }, "Second signal: exit at once");
      process.exit(1);
    }
    asked = true;
    stopRequested.resolve(signal);
  });
}

try {
  const service = await startService(config, log, sink);
  const signal = await Promise.race([stopRequested.promise, service.failed]);
  log.info({ signal }, "Stopping: no new tasks, finishing what is in flight");
  await service.stop();
  log.info("Stopped");
  await within(sink.close(), LAST_WORDS_MS, undefined);
  process.exit(0);
} catch (error) {
  await die(error);
}
