import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { SimulatedApi } from "./api.ts";
import { candles, INTERVALS } from "./candles.ts";
import { clientGone } from "./clientGone.ts";

const querySchema = z.object({
  category: z.enum(["spot", "linear", "inverse"]).default("linear"),
  symbol: z.string().regex(/^[A-Z0-9]{3,20}$/),
  interval: z.enum(INTERVALS),
  start: z.coerce.number().int().nonnegative().optional(),
  end: z.coerce.number().int().nonnegative().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});

/** Bybit answers errors of the request with HTTP 200 and a code in the body. */
const PARAMS_ERROR = 10001;
const TOO_MANY_VISITS = 10006;
const SERVER_ERROR = 10016;

function envelope(retCode: number, retMsg: string, result: object) {
  return { retCode, retMsg, result, retExtInfo: {}, time: Date.now() };
}

/** `GET /v5/market/kline` of Bybit's market API. */
export function marketRoutes(server: FastifyInstance, api: SimulatedApi): void {
  server.withTypeProvider<ZodTypeProvider>().get("/v5/market/kline", async (request, reply) => {
    api.receive();
    const parsed = querySchema.safeParse(request.query);
    if (!parsed.success) {
      api.refuse();
      const field = parsed.error.issues[0]?.path.join(".") ?? "";
      const message = field === "symbol" ? "Not supported symbols" : `params error: ${field} invalid`;
      return reply.send(envelope(PARAMS_ERROR, message, {}));
    }
    const { category, symbol, interval, start, end, limit } = parsed.data;
    const errorStatus = await api.answer(`${symbol} ${interval}`, clientGone(reply));
    if (errorStatus === 429) return reply.code(429).send(envelope(TOO_MANY_VISITS, "Too many visits!", {}));
    if (errorStatus !== undefined) return reply.code(errorStatus).send(envelope(SERVER_ERROR, "Server error.", {}));
    const list = candles(symbol, interval, { startMs: start, endMs: end ?? Date.now(), limit });
    return reply.send(envelope(0, "OK", { category, symbol, list }));
  });
}
