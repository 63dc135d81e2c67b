/** The catalogue contradicts itself, or lacks what it is asked for. */
export class CatalogueError extends Error {
  readonly code: "UNKNOWN_ALERT" | "NO_CONDITION" | "UNKNOWN_COMMAND";
  /** The alert, signal or command it is about. */
  readonly subject: string;

  constructor(code: CatalogueError["code"], subject: string, message: string) {
    super(message);
    this.name = "CatalogueError";
    this.code = code;
    this.subject = subject;
  }
}
