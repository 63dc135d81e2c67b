/** The catalogue contradicts itself, the metric contract, or an override. */
export class CatalogueError extends Error {
  readonly code:
    | "THRESHOLD_NOT_A_BUCKET_BOUND"
    | "THRESHOLD_INVALID"
    | "THRESHOLD_FIXED"
    | "UNKNOWN_ALERT"
    | "NO_CONDITION";
  /** The alert or signal it is about. */
  readonly subject: string;

  constructor(code: CatalogueError["code"], subject: string, message: string) {
    super(message);
    this.name = "CatalogueError";
    this.code = code;
    this.subject = subject;
  }
}
