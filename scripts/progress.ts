import pc from "picocolors";

/** Reports progress: a line at the start of a step, another at its end. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  console.log(`${pc.dim("...")} ${what}`);
  try {
    const result = await work();
    console.log(`${pc.green("ok ")} ${what} ${pc.dim(`(${seconds(performance.now() - began)})`)}`);
    return result;
  } catch (error) {
    console.log(`${pc.red("no ")} ${what} ${pc.dim(`(${seconds(performance.now() - began)})`)}`);
    throw error;
  }
}

export function notice(text: string): void {
  console.log(pc.yellow(text));
}

/** Prints a warning that must not be overlooked. */
export function warning(lines: readonly string[]): void {
  const width = Math.max(...lines.map((line) => line.length));
  const rule = "*".repeat(width + 4);
  console.log(pc.yellow([rule, ...lines.map((line) => `* ${line.padEnd(width)} *`), rule].join("\n")));
}

export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
