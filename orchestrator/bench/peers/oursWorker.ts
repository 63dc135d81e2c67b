import { systemClock } from "../../src/clock.ts";
import { createKeys } from "../../src/keys.ts";
import { createLog, stdoutSink } from "../../src/log.ts";
import { CounterDeltas } from "../../src/metrics/counterDeltas.ts";
import { createLayout } from "../../src/metrics/layout.ts";
import { noTelemetry } from "../../src/metrics/telemetry.ts";
import { TaskRunner } from "../../src/queue/consume/taskRunner.ts";
import { createRedis } from "../../src/redis/connection.ts";
import type { FromWorker } from "../../src/supervisor/protocol.ts";
import { Reporter } from "../../src/worker/reporter.ts";
import type { Payload } from "../harness/payload.ts";
import { work } from "./handler.ts";
import { KEY_PREFIX, type OursWorkerOptions, redisSettings, runnerSettings } from "./ours.ts";
import { QUEUE } from "./peer.ts";

/** A worker process with the classes of the service and the handler of the benchmark. */
const options = JSON.parse(process.argv[2] ?? "") as OursWorkerOptions;
const counters = new CounterDeltas(createLayout([QUEUE]));
const runner = new TaskRunner({
  type: QUEUE,
  index: options.index,
  instance: "",
  keys: createKeys(KEY_PREFIX),
  settings: runnerSettings(options),
  openRedis: (purpose, name) => createRedis(redisSettings(options.url), purpose, name),
  handler: { type: QUEUE, run: (payload) => work(payload as Payload) },
  telemetry: options.telemetry ? counters.telemetry : noTelemetry,
  onDelayed: (delayMs) => reporter.delayed(delayMs),
  clock: systemClock,
  random: Math.random,
  log: createLog("info", stdoutSink),
});
const reporter = new Reporter({
  send: (message: FromWorker, sent) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => sent());
    else sent();
  },
  counters,
  health: () => ({
    pollAgeMs: { express: 0, regular: 0 },
    inFlight: runner.health().inFlight,
    paused: "",
    stuckTask: "",
  }),
  heartbeatIntervalMs: 1_000,
  now: () => performance.now(),
});
runner.start();
if (options.telemetry) reporter.start();
process.once("SIGTERM", () => void runner.drain(1_000).then(() => process.exit(0)));
