import { Option } from "commander";
import { wholeNumber } from "./options.ts";
import type { Io } from "./output.ts";

const DEFAULT_SECONDS = 2;
/** To the upper left corner, and nothing below it. */
const CLEAR = "\x1b[H\x1b[2J";

/** The option of commands that can show their answer again and again. */
export function watchOption(): Option {
  const text = `show it again every so many seconds (default: ${DEFAULT_SECONDS}) until Ctrl-C`;
  return new Option("--watch [seconds]", text).argParser(wholeNumber(1));
}

/**
 * Shows something once, or again and again.
 *
 * @param watch seconds between two readings; true for the default, undefined for once
 */
export async function repeat(io: Io, watch: number | true | undefined, show: () => Promise<void>): Promise<void> {
  if (watch === undefined) return show();
  for (;;) {
    if (io.terminal) io.out(CLEAR);
    await show();
    await io.pause(1000 * (watch === true ? DEFAULT_SECONDS : watch));
  }
}
