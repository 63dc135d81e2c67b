import { z } from "zod";

/** Text of one message. MAX_PAYLOAD_BYTES bounds the whole payload. */
const text = z.string().min(1).max(200_000);

/** Payload of the chat task types: a prompt, or a whole conversation. */
export const chatPayloadSchema = z
  .strictObject({
    prompt: text.optional().describe("One question. Use either this or messages."),
    messages: z
      .array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: text }))
      .min(1)
      .max(200)
      .optional()
      .describe("A conversation. A system message in it replaces the built-in one."),
    model: z.string().min(1).max(200).optional(),
    max_tokens: z.int().min(1).max(200_000).optional(),
    temperature: z.number().min(0).max(2).optional(),
  })
  .refine(({ prompt, messages }) => (prompt === undefined) !== (messages === undefined), {
    message: "give either a prompt or messages",
  });

export type ChatPayload = z.infer<typeof chatPayloadSchema>;
