import { fastify } from "fastify";
import type { Payload } from "../harness/payload.ts";
import { PEERS } from "./index.ts";

/** A minimal HTTP API for a peer, to compare it with the API of the service. */
const [name, redisUrl, port] = process.argv.slice(2);
const peer = PEERS.find((candidate) => candidate.name === name);
if (peer === undefined || redisUrl === undefined) throw new RangeError(`no peer ${name}`);
const producer = await peer.open(redisUrl);
const server = fastify({ bodyLimit: 16 * 1024 ** 2 });
type Task = { payload: Payload };
server.post("/api/v1/tasks", async (request, reply) => {
  const ids = await producer.enqueue([(request.body as Task).payload]);
  reply.code(202);
  return { task_id: ids[0], status: "queued" };
});
server.post("/api/v1/tasks/batch", async (request, reply) => {
  const ids = await producer.enqueue((request.body as { tasks: Task[] }).tasks.map(({ payload }) => payload));
  reply.code(202);
  return { accepted: ids.length, tasks: ids.map((id) => ({ task_id: id, status: "queued" })) };
});
await server.listen({ host: "127.0.0.1", port: Number(port) });
process.send?.("listening");
process.once("SIGTERM", () => process.exit(0));
