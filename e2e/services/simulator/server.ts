import fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { ClientGone, SimulatedApi } from "./api.ts";
import { chatRoutes } from "./chat.ts";
import { API_NAMES, type ApiName, controlSchema } from "./control.ts";
import { marketRoutes } from "./market.ts";

export type SimulatorOptions = {
  /** 0 takes a free port. */
  readonly port: number;
  readonly host?: string;
  /** Chat requests need this bearer token, if given. */
  readonly apiKey?: string;
  readonly random?: () => number;
};

/** A running simulator of the upstream APIs. */
export type Simulator = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** The APIs, for tests in the same process; others use `/control`. */
  readonly apis: Readonly<Record<ApiName, SimulatedApi>>;
  stop(): Promise<void>;
};

/**
 * Starts a server with the chat completion API and Bybit's market API, and with faults on request.
 *
 * `GET|PUT /control` reads and changes the conditions while it runs, `GET|DELETE /control/stats` reads and resets the
 * counters, `GET /control/executions` returns how often each request was answered.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const random = options.random ?? Math.random;
  const apis = { chat: new SimulatedApi(random), market: new SimulatedApi(random) };
  const server = fastify({ forceCloseConnections: true });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler((error, _request, reply) => {
    // The client has disconnected.
    if (error instanceof ClientGone) return reply.hijack();
    const { statusCode = 500, message } = error as { statusCode?: number; message: string };
    return reply.code(statusCode).send({ error: { message, type: "invalid_request_error", param: null, code: null } });
  });
  chatRoutes(server, apis.chat, options.apiKey === undefined ? {} : { apiKey: options.apiKey });
  marketRoutes(server, apis.market);
  controlRoutes(server, apis);
  server.get("/healthz", () => ({ status: "ok" }));

  const host = options.host ?? "127.0.0.1";
  await server.listen({ port: options.port, host });
  const { port } = server.server.address() as { port: number };
  const stop = () => server.close();
  return { url: `http://${host}:${port}`, port, apis, stop, [Symbol.asyncDispose]: stop };
}

function controlRoutes(server: FastifyInstance, apis: Record<ApiName, SimulatedApi>): void {
  const ofEach = <T>(read: (api: SimulatedApi) => T) =>
    Object.fromEntries(API_NAMES.map((name) => [name, read(apis[name])])) as Record<ApiName, T>;
  const typed = server.withTypeProvider<ZodTypeProvider>();
  typed.get("/control", () => ofEach((api) => api.conditions));
  typed.put("/control", { schema: { body: controlSchema } }, (request) => {
    for (const name of API_NAMES) apis[name].update(request.body[name] ?? {});
    return ofEach((api) => api.conditions);
  });
  typed.get("/control/stats", () => ofEach((api) => api.stats));
  typed.delete("/control/stats", async (_request, reply) => {
    for (const name of API_NAMES) apis[name].reset();
    await reply.code(204).send();
  });
  typed.get("/control/executions", () => ofEach((api) => api.executions));
}
