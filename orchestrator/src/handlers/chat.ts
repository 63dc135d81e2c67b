import type { TaskHandler } from "../queue/consume/handler.ts";
import type { ChatMessage, ChatRequest } from "../upstream/chat.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import { type ChatPayload, chatPayloadSchema } from "./chatPayload.ts";

const REASONING_PROMPT =
  "You reason carefully. Work through the question step by step, state your assumptions, and end with a short, direct " +
  "conclusion. If the available information is not enough to answer the question, say so.";

const CODEGEN_PROMPT =
  "You write production code. Answer with one complete, runnable solution in a single fenced code block, with error " +
  "handling and without placeholders. Below it, explain in a few sentences how to use it.";

/** The part of the chat API that the handlers need. */
export type Chat = Pick<Upstreams["chat"], "complete">;

/** Answers questions. */
export function reasoningHandler(chat: Chat): TaskHandler {
  return chatHandler("reasoning", chat, { system: REASONING_PROMPT, temperature: 0.2 });
}

/** Writes code. */
export function codegenHandler(chat: Chat): TaskHandler {
  return chatHandler("codegen", chat, { system: CODEGEN_PROMPT, temperature: 0 });
}

function chatHandler(
  type: string,
  chat: Chat,
  defaults: { readonly system: string; readonly temperature: number },
): TaskHandler {
  return {
    type,
    schema: chatPayloadSchema,
    upstream: "chat",
    async run(payload, { signal }) {
      const { value, degraded } = await chat.complete(requestFor(payload as ChatPayload, defaults), signal);
      return degraded ? { ...value, degraded } : value;
    },
  };
}

/** Converts a payload to a request. Settings of the payload take precedence over those of the type. */
function requestFor(
  { prompt, messages, ...options }: ChatPayload,
  defaults: { readonly system: string; readonly temperature: number },
): ChatRequest {
  const conversation: ChatMessage[] = messages ?? [{ role: "user", content: prompt ?? "" }];
  const hasSystem = conversation.some(({ role }) => role === "system");
  return {
    ...options,
    temperature: options.temperature ?? defaults.temperature,
    messages: hasSystem ? conversation : [{ role: "system", content: defaults.system }, ...conversation],
  };
}
