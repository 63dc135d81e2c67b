import { Transform } from "node:stream";
import type { FastifyInstance } from "fastify";
import { FREE_BODY_BYTES } from "./limits.ts";
import { HttpProblem } from "./problem.ts";

/** Bodies are given back as soon as other requests are over. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Bounds what all bodies hold together, from their first byte until their request is over. Bytes count as they come in:
 * one that is announced and not sent takes nothing from others.
 *
 * @param limitBytes above it, requests with a large body are refused with 503
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
        if (over || inFlight + chunk.length > limitBytes) return pass(overloaded());
        own += chunk.length;
        inFlight += chunk.length;
        return pass(null, chunk);
      },
    });
    Object.defineProperty(meter, "receivedEncodedLength", { get: () => own });
    reply.raw.once("close", () => {
      over = true;
      inFlight -= own;
    });
    payload.once("error", (error) => meter.destroy(error));
    return done(null, payload.pipe(meter));
  });
}

function overloaded(): HttpProblem {
  const detail = "Too many large requests are under way: try again, or send smaller batches.";
  return new HttpProblem(503, "OVERLOADED", detail, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    headers: { connection: "close" },
  });
}
