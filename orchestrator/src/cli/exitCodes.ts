/** Exit codes of the CLI. */
export const EXIT = {
  ok: 0,
  /** The service rejected the request, or the task failed. */
  failure: 1,
  /** The command line is invalid. */
  usage: 2,
  notFound: 3,
  /** The service is unreachable, or asks to retry later. */
  unavailable: 4,
} as const;

/** A command failed. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}
