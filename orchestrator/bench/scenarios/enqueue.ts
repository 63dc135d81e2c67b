import { once } from "node:events";
import { freePort } from "@mcp-orchestrator/e2e/testkit/ports";
import { Pool } from "undici";
import { commandCalls } from "../harness/commands.ts";
import { type Payload, payloadBatches } from "../harness/payload.ts";
import { start, stop } from "../harness/processes.ts";
import { interleave } from "../harness/rounds.ts";
import { startService } from "../harness/service.ts";
import { ratioOf } from "../harness/stats.ts";
import { PEERS } from "../peers/index.ts";
import type { PeerName } from "../peers/peer.ts";
import { type Context, columns, comparePeers, type Outcome, type Row, type Scenario } from "./scenario.ts";

const BATCH = 1_000;
const CONNECTIONS = 64;
/** Batches in flight for each peer, so that client and server do not wait for each other. */
const IN_FLIGHT = 2;
/** As long as the measurement, so that all code is compiled. */
const WARM_UP_SHARE = 1;
/** More tasks, because 50,000 take only a quarter of a second in batches. */
const LIBRARY_SHARE = 4;
/** Fewer tasks, because one task per request is an order of magnitude slower. */
const SINGLE_SHARE = 0.2;

type Figures = { readonly tasksPerSecond: number; readonly commandsPerTask: number };
/** Enqueues tasks, several calls at a time. */
type Send = (batches: Iterable<Payload[]>) => Promise<void>;

export const enqueue: Scenario = {
  name: "enqueue",
  about: "library batches of 1,000; HTTP batches; HTTP single tasks over 64 connections",

  async run(context): Promise<Outcome> {
    const library = await measure(context, "library batches", BATCH, LIBRARY_SHARE, (name, send) =>
      withLibrary(context, name, send),
    );
    const batch = await measure(context, "HTTP batches", BATCH, 1, (name, send) =>
      withHttp(context, name, IN_FLIGHT, "/api/v1/tasks/batch", batchBody, send),
    );
    const single = await measure(context, "HTTP single", 1, SINGLE_SHARE, (name, send) =>
      withHttp(context, name, CONNECTIONS, "/api/v1/tasks", ([payload]) => JSON.stringify(taskOf(payload)), send),
    );
    const rows = [
      ...rowsOf("library, batches of 1,000", library),
      ...rowsOf("HTTP, batches of 1,000", batch),
      ...rowsOf("HTTP, single, 64 connections", single),
    ];
    const rates = columns(library, (figures) => figures.tasksPerSecond);
    return {
      section: { title: "Enqueue", rows, notes: NOTES },
      targets: { enqueue: ratioOf(rates.ours ?? [], rates.bullmq ?? []) },
    };
  },
};

const NOTES = [
  "Over HTTP, ours is the whole service with its validation; the others are behind a bare fastify route.",
  `${IN_FLIGHT} batches are in flight for each peer.`,
  "The load generator shares the machine with the server and Redis.",
];

async function measure(
  context: Context,
  label: string,
  batchSize: number,
  share: number,
  connected: (name: PeerName, use: (send: Send) => Promise<Figures>) => Promise<Figures>,
): Promise<Record<PeerName, Figures[]>> {
  const redis = context.server.client;
  const tasks = Math.ceil(context.tasks * share);
  const names = PEERS.map((peer) => peer.name);
  return await interleave(context.rounds, names, async (name, round) => {
    context.progress(`enqueue, ${label}: ${name}, round ${round + 1} of ${context.rounds}`);
    await redis.flushall();
    return await connected(name, async (send) => {
      await send(payloadBatches(Math.ceil(tasks * WARM_UP_SHARE), batchSize));
      const [before, commands] = [await waiting(context, name), await commandCalls(redis)];
      const startedAtMs = performance.now();
      await send(payloadBatches(tasks, batchSize));
      const elapsedMs = performance.now() - startedAtMs;
      const calls = (await commandCalls(redis)) - commands;
      const accepted = (await waiting(context, name)) - before;
      if (accepted !== tasks) throw new Error(`${name}: ${accepted} of ${tasks} tasks are in Redis`);
      return { tasksPerSecond: (tasks / elapsedMs) * 1000, commandsPerTask: calls / tasks };
    });
  });
}

async function waiting(context: Context, name: PeerName): Promise<number> {
  const peer = PEERS.find((candidate) => candidate.name === name);
  return (await peer?.unfinished(context.server.client))?.count ?? 0;
}

async function withLibrary(context: Context, name: PeerName, use: (send: Send) => Promise<Figures>): Promise<Figures> {
  const peer = PEERS.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new RangeError(name);
  await using producer = await peer.open(context.server.url);
  return await use(async (batches) => {
    const queue = batches[Symbol.iterator]();
    const client = async () => {
      for (let next = queue.next(); next.done !== true; next = queue.next()) await producer.enqueue(next.value);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  });
}

async function withHttp(
  context: Context,
  name: PeerName,
  connections: number,
  path: string,
  bodyOf: (batch: Payload[]) => string,
  use: (send: Send) => Promise<Figures>,
): Promise<Figures> {
  await using server = name === "ours" ? await startService(context.server.url, 0) : await startFront(name, context);
  const pool = new Pool(server.url, { connections, pipelining: 1 });
  try {
    return await use(async (batches) => {
      const queue = batches[Symbol.iterator]();
      await Promise.all(Array.from({ length: connections }, () => post(pool, path, bodyOf, queue)));
    });
  } finally {
    await pool.destroy();
  }
}

/** One client: posts the remaining batches, one request after the other. */
async function post(pool: Pool, path: string, bodyOf: (batch: Payload[]) => string, queue: Iterator<Payload[]>) {
  for (let next = queue.next(); next.done !== true; next = queue.next()) {
    const body = bodyOf(next.value);
    const response = await pool.request({
      path,
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const answer = await response.body.text();
    if (response.statusCode !== 202) throw new Error(`POST ${path}: ${response.statusCode} ${answer.slice(0, 300)}`);
  }
}

async function startFront(name: PeerName, context: Context): Promise<AsyncDisposable & { readonly url: string }> {
  const port = await freePort();
  const child = start(new URL("../peers/front.ts", import.meta.url), {
    args: [name, context.server.url, String(port)],
  });
  await once(child, "message");
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => stop([child]) };
}

const taskOf = (payload: Payload | undefined) => ({ type: "reasoning", payload });
const batchBody = (batch: Payload[]) => JSON.stringify({ tasks: batch.map(taskOf) });

function rowsOf(label: string, results: Record<PeerName, Figures[]>): Row[] {
  return [
    comparePeers(
      label,
      "tasks/s",
      columns(results, (figures) => figures.tasksPerSecond),
    ),
    comparePeers(
      label,
      "Redis commands/task",
      columns(results, (figures) => figures.commandsPerTask),
    ),
  ];
}
