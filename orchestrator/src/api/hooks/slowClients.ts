import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { PROBLEM_TYPE, problem } from "../problem.ts";

/** Answers to errors that Node reports before a request reaches a route. */
const ANSWERS: Readonly<Record<string, readonly [status: number, code: string, detail: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "REQUEST_TIMEOUT", "The request took too long to arrive."],
  HPE_HEADER_OVERFLOW: [431, "HEADERS_TOO_LARGE", "The request line and headers are too large."],
};

/**
 * Answers a request that did not reach a route with a problem document, and closes the connection.
 *
 * @returns the status of the answer; undefined if the client has disconnected
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): number | undefined {
  if (error.code === "ECONNRESET" || socket.destroyed) return undefined;
  const [status, code, detail] = ANSWERS[error.code ?? ""] ?? [400, "BAD_REQUEST", "The request is not valid HTTP."];
  if (socket.writable) {
    const body = JSON.stringify(problem(status, code, detail));
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  // With end(), a client that does not read would keep the connection half open.
  socket.destroySoon();
  return status;
}
