/** The catalogue contradicts itself, or lacks something. */
export class CatalogueError extends Error {
  readonly code: "UNKNOWN_ALERT" | "NO_CONDITION" | "NO_SIGNAL" | "UNKNOWN_PLACE";
  /** The alert, signal or place it is about. */
  readonly subject: string;

  constructor(code: CatalogueError["code"], subject: string, message: string) {
    super(message);
    this.name = "CatalogueError";
    this.code = code;
    this.subject = subject;
  }
}
