import { isUtf8 } from "node:buffer";
import type { FastifyInstance } from "fastify";
import { messageOf } from "../../errors.ts";
import { HttpProblem } from "../problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The text of the parsed JSON body. */
    bodyText: string;
  }
}

/**
 * Accepts only JSON bodies. Keeps the text in addition to the parsed value, so that payloads are stored unchanged. Members
 * named `__proto__` stay ordinary own members, as JSON.parse creates them; no code here merges objects.
 */
export function acceptJson(server: FastifyInstance): void {
  server.decorateRequest("bodyText", "");
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body: Buffer, done) => {
    if (body.length === 0) return done(null, undefined);
    // Decoding would silently replace invalid sequences and so change the payload.
    if (!isUtf8(body)) return done(new HttpProblem(400, "INVALID_JSON", "The body is not valid UTF-8."));
    request.bodyText = body.toString("utf8");
    try {
      return done(null, JSON.parse(request.bodyText));
    } catch (error) {
      return done(new HttpProblem(400, "INVALID_JSON", `The body is not valid JSON: ${messageOf(error)}`));
    }
  });
}
