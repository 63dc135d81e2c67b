import { readFileSync } from "node:fs";

/** How a handler's run of a task ended, as the handler itself saw it. */
export type ExecutionEnd = "ok" | "threw" | "held";

/** One line of the log that the handlers append to: the only witness of what was really executed. */
export type ExecutionEvent = {
  readonly event: "start" | ExecutionEnd;
  /** Name of the run that submitted the task. */
  readonly run: string;
  /** Number of the task in its schedule; those of probes are negative. */
  readonly task: number;
  readonly taskId: string;
  readonly attempt: number;
  readonly pid: number;
  /** Real time, whatever the clock of the process says, in epoch ms. */
  readonly atMs: number;
};

/** Environment variable with the path of the log. */
export const EXECUTION_LOG = "CHAOS_EXECUTION_LOG";
/** Environment variable with the factor of all intervals. */
export const STRETCH = "CHAOS_STRETCH";

/** One event as a line. */
export function formatEvent({ event, run, task, taskId, attempt, pid, atMs }: ExecutionEvent): string {
  return `${[event, run, task, taskId, attempt, pid, Math.round(atMs)].join(" ")}\n`;
}

/** Reads what a run has left in the log; a line that a killed process left incomplete is skipped. */
export function readExecutionLog(path: string, ofRun: string): ExecutionEvent[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [event, run, task, taskId, attempt, pid, atMs, ...more] = line.split(" ");
      if (run !== ofRun || atMs === undefined || atMs === "" || more.length > 0) return [];
      return [
        {
          event: event as ExecutionEvent["event"],
          run,
          task: Number(task),
          taskId: taskId as string,
          attempt: Number(attempt),
          pid: Number(pid),
          atMs: Number(atMs),
        },
      ];
    });
}
