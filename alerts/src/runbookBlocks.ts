import type { Deployment, Shows } from "./catalogue/runbook.ts";

/** A command as it stands in a generated runbook. */
export type RunbookBlock = {
  readonly id: string;
  readonly deployment?: Deployment;
  readonly firing?: Shows;
  readonly healthy?: Shows;
  readonly run: string;
};

const BLOCK = /^```bash (\{.*\})\n([\s\S]*?)\n```$/gm;

/** The commands of a runbook, read from its Markdown as a machine would that has nothing else. */
export function runbookBlocks(markdown: string): RunbookBlock[] {
  return [...markdown.matchAll(BLOCK)].map(([, head, run]) => ({
    ...(JSON.parse(head ?? "{}") as Omit<RunbookBlock, "run">),
    run: run ?? "",
  }));
}
