import { Transform } from "node:stream";
import type { FastifyInstance } from "fastify";
import { FREE_BODY_BYTES } from "../limits.ts";
import { HttpProblem } from "../problem.ts";

/** Other requests usually release their bodies within this time. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Bounds the size of all large bodies together. Bytes count from their receipt until the end of their request, so a client
 * that announces a body and does not send it uses nothing of the budget.
 *
 * @param limitBytes above it, requests with a large body are rejected with 503
 */
export function limitBodies(server: FastifyInstance, limitBytes: number): void {
  let inFlight = 0;
  server.addHook("preParsing", (request, reply, payload, done) => {
    const { "content-length": length = 0, "transfer-encoding": encoding } = request.headers;
    if (encoding === undefined && Number(length) <= FREE_BODY_BYTES) return done(null, payload);
    let own = 0;
    let over = false;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, pass) {
        // The request is already answered, but the client still sends. Drops the rest.
        if (over) return pass();
        if (inFlight + chunk.length > limitBytes) return pass(overloaded());
        own += chunk.length;
        inFlight += chunk.length;
        return pass(null, chunk);
      },
    });
    // The reader of the body has its own listener. After the answer there is none, and an error no longer matters.
    meter.on("error", () => undefined);
    reply.raw.once("close", () => {
      over = true;
      inFlight -= own;
    });
    payload.once("error", (error) => meter.destroy(error));
    return done(null, payload.pipe(meter));
  });
}

function overloaded(): HttpProblem {
  const detail = "Too many large requests are in progress: try again later, or send smaller batches.";
  return new HttpProblem(503, "OVERLOADED", detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
}
