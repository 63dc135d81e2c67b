import { readFileSync } from "node:fs";

/** How a handler's run of a task ended, as the handler saw it. */
export type ExecutionEnd = "ok" | "threw" | "held";

/** One line of the handlers' log, which is the only record of what was executed. */
export type ExecutionEvent = {
  readonly event: "start" | ExecutionEnd;
  /** Name of the run that submitted the task. */
  readonly run: string;
  /** Number of the task in its schedule; negative for probes. */
  readonly task: number;
  readonly taskId: string;
  readonly attempt: number;
  readonly pid: number;
  /** Real time in epoch ms, whatever the process' clock says. */
  readonly atMs: number;
};

/** One event as a line. */
export function formatEvent({ event, run, task, taskId, attempt, pid, atMs }: ExecutionEvent): string {
  return `${[event, run, task, taskId, attempt, pid, Math.round(atMs)].join(" ")}\n`;
}

/** Reads a run's lines from the log. An incomplete line of a killed process is skipped. */
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
