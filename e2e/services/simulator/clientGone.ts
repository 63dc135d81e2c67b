import type { FastifyReply } from "fastify";

/** A signal that is aborted if the client closes its connection before the answer. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  // The response, not its socket: a kept-alive socket would collect one listener per request.
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
