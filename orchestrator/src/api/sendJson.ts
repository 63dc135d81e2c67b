import type { FastifyReply } from "fastify";

/** Sends JSON text; the types of the route describe what is in it. */
export function sendJson(reply: unknown, text: string): never {
  return (reply as FastifyReply).type("application/json; charset=utf-8").send(text) as never;
}
