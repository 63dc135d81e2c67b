import { z } from "zod";
import { wholeNumber } from "./parsers.ts";

/**
 * One environment variable: how its text is read, its default (as text, read the same way) and why it is there.
 * The value of a `secret` one is the path of a file that holds the value.
 */
export type Setting = {
  readonly schema: z.ZodType<unknown, string>;
  readonly fallback: string;
  readonly about: string;
  readonly secret?: true;
};
export type Section = Readonly<Record<string, Setting>>;

export const text = z.string();
export const name = z.string().regex(/^[A-Za-z0-9_-]{0,64}$/, "must be letters, digits, _ or -, at most 64");
/** A duration up to an hour. */
export const durationMs = wholeNumber(1, 3_600_000);
export const bytes = (minimum: number) => wholeNumber(minimum, 1024 ** 4);
