import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { SimulatedApi } from "./api.ts";
import { clientGone } from "./clientGone.ts";

const requestSchema = z.looseObject({
  model: z.string().min(1),
  messages: z
    .array(z.looseObject({ role: z.enum(["system", "user", "assistant", "tool"]), content: z.string() }))
    .min(1),
  max_tokens: z.number().int().positive().optional(),
  temperature: z.number().min(0).max(2).optional(),
  stream: z.literal(false).optional(),
});

/** An error body as OpenAI-compatible APIs send it. */
function errorBody(message: string, type: string, options: { param?: string; code?: string } = {}) {
  return { error: { message, type, param: options.param ?? null, code: options.code ?? null } };
}

/** Rough size of a text in tokens, at four characters each. */
function tokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4));
}

/** The chat completion API of Perplexity, which is OpenAI's with citations, on both paths. */
export function chatRoutes(server: FastifyInstance, api: SimulatedApi, options: { apiKey?: string }): void {
  for (const path of ["/chat/completions", "/v1/chat/completions"]) {
    server.withTypeProvider<ZodTypeProvider>().post(path, async (request, reply) => {
      api.receive();
      if (options.apiKey !== undefined && request.headers.authorization !== `Bearer ${options.apiKey}`) {
        api.refuse();
        return reply
          .code(401)
          .send(errorBody("Incorrect API key provided.", "invalid_request_error", { code: "invalid_api_key" }));
      }
      const parsed = requestSchema.safeParse(request.body);
      if (!parsed.success) {
        api.refuse();
        const issue = parsed.error.issues[0];
        const param = issue?.path.join(".") ?? "";
        return reply
          .code(400)
          .send(errorBody(`Invalid '${param}': ${issue?.message ?? "invalid"}`, "invalid_request_error", { param }));
      }
      const { model, messages, max_tokens: maxTokens } = parsed.data;
      const question = messages.findLast((message) => message.role === "user")?.content ?? "";
      const errorStatus = await api.answer(question, clientGone(reply));
      if (errorStatus !== undefined)
        return reply.code(errorStatus).headers(retryAfter(errorStatus)).send(failure(errorStatus));

      const full = `Answer to: ${question}`;
      const content = maxTokens === undefined ? full : full.slice(0, maxTokens * 4);
      const promptTokens = messages.reduce((sum, message) => sum + tokens(message.content), 0);
      return reply.send({
        id: randomUUID(),
        object: "chat.completion",
        created: Math.floor(Date.now() / 1000),
        model,
        choices: [
          {
            index: 0,
            finish_reason: content.length < full.length ? "length" : "stop",
            message: { role: "assistant", content },
          },
        ],
        usage: {
          prompt_tokens: promptTokens,
          completion_tokens: tokens(content),
          total_tokens: promptTokens + tokens(content),
        },
        citations: ["https://example.com/source"],
        search_results: [{ title: "Source", url: "https://example.com/source", date: null }],
      });
    });
  }
}

function retryAfter(status: number): Record<string, string> {
  return status === 429 || status === 503 ? { "retry-after": "1" } : {};
}

function failure(status: number) {
  if (status === 429) return errorBody("Rate limit reached.", "requests", { code: "rate_limit_exceeded" });
  if (status >= 500) return errorBody("The server had an error while processing your request.", "server_error");
  return errorBody("The request was refused.", "invalid_request_error");
}
