import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CircuitOpenError,
  type HandlerModule,
  type TaskContext,
  UpstreamError,
  ValidationError,
} from "mcp-orchestrator/handlers";
import { type ExecutionEnd, formatEvent } from "../executionLog.ts";
import { type Shape, TYPES } from "../schedule.ts";
import { readSettings } from "./config.ts";

/** The task handlers of the campaign: one for each shape. Each run is written to the log. */

type Payload = { readonly run: string; readonly task: number; readonly shape: Shape; readonly size: number };
type Upstreams = Parameters<Extract<HandlerModule, (...args: never[]) => unknown>>[0];

const { executionLog, stretch } = readSettings();

const never = new Promise<never>(() => undefined);

function shapeRunners(
  upstreams: Upstreams,
): Record<Shape, (size: number, context: TaskContext, task: number) => unknown> {
  return {
    fast: (size) => sleep(size),
    slow: (size, { signal }) => sleep(100 + size * 60, undefined, { signal }),
    sync: () => "a plain value",
    busy: (size) => block(20 + size * 10),
    flaky: async (size, { attempt }) => {
      await sleep(size);
      if (attempt <= 1 + (size % 2)) throw new Error("not yet");
    },
    wait: (size, { attempt }) => {
      if (attempt === 1) throw new UpstreamError("chat", "come back later", { retryAfterMs: size * 50 });
    },
    badWait: async (size, { attempt }) => {
      const retryAfterMs = senselessTimes[size % senselessTimes.length] as number;
      if (attempt === 1) throw new UpstreamError("chat", "a time that makes no sense", { retryAfterMs });
    },
    chat: async (_size, { signal }, task) => {
      const question = `question ${task}`;
      await upstreams.chat.complete({ messages: [{ role: "user", content: question }] }, signal);
    },
    market: async (size, { signal }) => {
      await upstreams.market.klines(
        { symbol: "BTCUSDT", category: "linear", interval: "60", limit: 20 + size },
        signal,
      );
    },
    fails: () => Promise.reject(new Error("as always")),
    invalid: () => {
      throw new ValidationError("codegen", ["the handler says so"]);
    },
    oddThrow: (size) => {
      throw oddErrors[size % oddErrors.length]?.();
    },
    oddReturn: (size) => [10n, circular(), { toJSON: () => JSON.parse("{") }][size % 3],
    deaf: () => sleep(6_000 * stretch),
    exit: async (size) => {
      await sleep(size * 5);
      process.exit(3);
    },
    unhandled: (size) => {
      setTimeout(() => {
        throw new Error("nothing catches this");
      }, size * 5);
      return never;
    },
    hog: async () => {
      for (const kept: number[][] = []; ; kept.push(new Array(4_000_000).fill(kept.length))) await sleep(1);
    },
    spin: () => {
      for (;;) block(1_000);
    },
  };
}

const senselessTimes = [Number.NaN, -1, Number.NEGATIVE_INFINITY, "soon"];

const oddErrors: readonly (() => unknown)[] = [
  () => Object.create(null),
  () => undefined,
  () => Object.assign(new Error(), { message: 7 }),
  () =>
    Object.defineProperty(new Error("a trap"), "message", {
      get: () => {
        throw new Error("a getter that throws");
      },
    }),
  () => Symbol("a symbol"),
  () => Object.freeze(new Error("frozen")),
  () => Object.defineProperty(new Error("no name"), "name", { value: undefined }),
  () => null,
];

function circular(): unknown {
  const self: Record<string, unknown> = {};
  self.self = self;
  return self;
}

/** Blocks the event loop without using the CPU. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const handlers: HandlerModule = (upstreams) => {
  const runners = shapeRunners(upstreams);
  return TYPES.map((type) => ({
    type,
    run: (payload, context) => {
      const { run, task, shape, size } = payload as Payload;
      const write = (event: "start" | ExecutionEnd) => {
        const atMs = performance.timeOrigin + performance.now();
        const { taskId, attempt } = context;
        appendFileSync(executionLog, formatEvent({ event, run, task, taskId, attempt, pid: process.pid, atMs }));
      };
      write("start");
      return logged(() => runners[shape](size, context, task), write, { task, attempt: context.attempt });
    },
  }));
};
export default handlers;

/** Runs a shape, logs its end, and returns a plain value where the shape does. */
function logged(run: () => unknown, write: (end: ExecutionEnd) => void, result: object): Promise<unknown> {
  const threw = (error: unknown): never => {
    write(error instanceof CircuitOpenError ? "held" : "threw");
    throw error;
  };
  const returned = (value: unknown) => {
    write("ok");
    return typeof value === "object" || typeof value === "bigint" ? value : result;
  };
  let value: unknown;
  try {
    value = run();
  } catch (error) {
    return threw(error);
  }
  return (value instanceof Promise ? value.then(returned, threw) : returned(value)) as Promise<unknown>;
}
