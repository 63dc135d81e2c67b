/*
 * Your own handlers: HANDLERS=orchestrator/examples/handlers.ts npm start
 *
 * `word_count` is a new type that calls no external API. `codegen` replaces the built-in type.
 */
import type { HandlerModule, TaskHandler } from "mcp-orchestrator/handlers";
import { z } from "zod";

const wordCountPayload = z.strictObject({ text: z.string().max(100_000) });

const wordCount: TaskHandler = {
  type: "word_count",
  schema: wordCountPayload,
  async run(payload, { log }) {
    const { text } = payload as z.infer<typeof wordCountPayload>;
    const words = text.match(/[\p{L}\p{N}'-]+/gu) ?? [];
    log.debug({ words: words.length }, "counted");
    return { words: words.length, distinct: new Set(words.map((word) => word.toLowerCase())).size };
  },
};

const codegenPayload = z.strictObject({ task: z.string().min(1), language: z.string().min(1) });

const handlers: HandlerModule = ({ chat }) => [
  wordCount,
  {
    type: "codegen",
    schema: codegenPayload,
    // With this name, the worker status shows why tasks wait while the circuit breaker of the API is open.
    upstream: "chat",
    async run(payload, { signal }) {
      const { task, language } = payload as z.infer<typeof codegenPayload>;
      const messages = [
        { role: "system", content: `Answer with ${language} code only.` },
        { role: "user", content: task },
      ] as const;
      // The signal ends the call when the time limit of the task is reached.
      const { value, degraded } = await chat.complete({ messages }, signal);
      return { language, code: value.content, ...(degraded ? { degraded } : {}) };
    },
  },
];

export default handlers;
