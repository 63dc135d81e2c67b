/** What the CLI's exit code tells a script. */
export const EXIT = {
  ok: 0,
  /** The service refused, or the task failed. */
  failure: 1,
  /** The command line makes no sense. */
  usage: 2,
  notFound: 3,
  /** The service cannot be reached, or says "later". */
  unavailable: 4,
} as const;

/** A command that did not do what it was asked to. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}
