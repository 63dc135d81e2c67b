import { z } from "zod";
import { UpstreamError } from "../errors.ts";
import type { Answer, UpstreamClient } from "./client.ts";

export type ChatMessage = { readonly role: "system" | "user" | "assistant"; readonly content: string };

/** A request to a chat model. */
export type ChatRequest = {
  readonly messages: readonly ChatMessage[];
  /** Default: the configured model. */
  readonly model?: string | undefined;
  readonly max_tokens?: number | undefined;
  readonly temperature?: number | undefined;
};

/** The fields of a chat completion that are used. Vendors add others. */
const completionSchema = z.looseObject({
  model: z.string(),
  choices: z
    .array(z.looseObject({ finish_reason: z.string().nullish(), message: z.looseObject({ content: z.string() }) }))
    .min(1),
  usage: z
    .looseObject({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() })
    .optional(),
  citations: z.array(z.string()).optional(),
});

/** The answer of a chat model. */
export type ChatAnswer = {
  readonly content: string;
  readonly model: string;
  readonly finish_reason?: string;
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
  };
  readonly citations?: readonly string[];
};

/** Client of an OpenAI-compatible chat completion API. */
export class ChatApi {
  readonly #client: UpstreamClient;
  readonly #defaultModel: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param options `apiKey` is sent as a bearer token; some APIs need none */
  constructor(client: UpstreamClient, options: { readonly model: string; readonly apiKey?: string | undefined }) {
    this.#client = client;
    this.#defaultModel = options.model;
    this.#headers = {
      "content-type": "application/json",
      ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
    };
  }

  /** @throws CircuitOpenError, UpstreamError, or the reason of the signal */
  complete({ model, ...request }: ChatRequest, signal: AbortSignal): Promise<Answer<ChatAnswer>> {
    const body = JSON.stringify({ model: model ?? this.#defaultModel, ...request });
    return this.#client.request(
      { method: "POST", path: "/chat/completions", headers: this.#headers, body },
      answerOf,
      signal,
    );
  }
}

function answerOf(body: unknown): ChatAnswer {
  const parsed = completionSchema.safeParse(body);
  const choice = parsed.data?.choices[0];
  if (!parsed.success || choice === undefined) {
    throw new UpstreamError("chat", "chat sent no chat completion", { cause: parsed.error });
  }
  const { model, usage, citations } = parsed.data;
  const { finish_reason: finishReason, message } = choice;
  return {
    content: message.content,
    model,
    ...(finishReason ? { finish_reason: finishReason } : {}),
    ...(usage === undefined
      ? {}
      : {
          usage: {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.total_tokens,
          },
        }),
    ...(citations === undefined ? {} : { citations }),
  };
}
