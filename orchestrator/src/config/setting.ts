import { z } from "zod";
import { wholeNumber } from "./parsers.ts";

/**
 * One environment variable: its parser, its default as text, and its description. The value of a `secret` variable is the
 * path of a file that contains the secret; a `bearer` secret is sent in the header of a request.
 */
type Setting = {
  readonly schema: z.ZodType<unknown, string>;
  readonly fallback: string;
  readonly about: string;
  readonly secret?: true | "bearer";
};
export type Section = Readonly<Record<string, Setting>>;

export const text = z.string();
export const name = z.string().regex(/^[A-Za-z0-9_-]{0,64}$/, "must be letters, digits, _ or -, at most 64");
/** A duration of at most an hour. */
export const durationMs = wholeNumber(1, 3_600_000);
export const bytes = (minimum: number) => wholeNumber(minimum, 1024 ** 4);
