import type { FastifyReply } from "fastify";

/** A signal that is aborted when the client closes its connection before it was answered. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  // The response, not its socket: a kept-alive socket would collect a listener per request.
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
