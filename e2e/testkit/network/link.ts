import { connect, createServer, type Server, type Socket } from "node:net";
import { DelayLine } from "./delayLine.ts";

/**
 * How a link treats its connections, open ones and new ones:
 * - `pass`: everything passes;
 * - `silent`, `requestsHeld`, `answersHeld`: nothing passes (in that direction) until the link passes again;
 * - `refuse`: connections are reset, new ones at once;
 * - `slow`: every chunk is delayed;
 * - `garbage`: requests do not pass, and get HTTP answers without JSON.
 */
export type LinkMode = "pass" | "silent" | "requestsHeld" | "answersHeld" | "refuse" | "slow" | "garbage";

const LATE_MS = 120;
const GARBAGE = "<!doctype html><title>It works!</title>";

type Connection = { readonly incoming: Socket; readonly outgoing: Socket; frozen: boolean };

/** A TCP proxy on loopback, such as between the service and one of its dependencies. Its mode can be changed while it runs. */
export class Link implements AsyncDisposable {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** Open sockets, also those that hang after their connection is gone. */
  readonly #sockets = new Set<Socket>();
  #target: number;
  #mode: LinkMode = "pass";

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((incoming) => this.#accept(incoming));
  }

  /** Opens a link on a free loopback port. @param target port on loopback to connect to */
  static async open(target: number): Promise<Link> {
    const link = new Link(target);
    await new Promise<void>((resolve) => link.#server.listen(0, "127.0.0.1", resolve));
    return link;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the link is closed");
    return address.port;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Changes the mode for open and new connections. */
  set(mode: LinkMode): void {
    this.#mode = mode;
    if (mode === "refuse" || mode === "garbage") this.reset();
    for (const connection of this.#connections) this.#apply(connection);
  }

  /** Connects new connections to another port; open ones stay. */
  retarget(target: number): void {
    this.#target = target;
  }

  /** Resets every open connection. */
  reset(): void {
    for (const { incoming, outgoing } of this.#connections) {
      incoming.resetAndDestroy();
      outgoing.resetAndDestroy();
    }
  }

  /** Makes every open connection hang for good, as after the loss of the other host. New ones pass. */
  freeze(): void {
    for (const connection of this.#connections) {
      connection.frozen = true;
      this.#apply(connection);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(incoming: Socket): void {
    incoming.on("error", () => undefined);
    if (this.#mode === "refuse") {
      incoming.resetAndDestroy();
      return;
    }
    const outgoing = connect(this.#target, "127.0.0.1");
    const connection: Connection = { incoming, outgoing, frozen: false };
    this.#connections.add(connection);
    for (const socket of [incoming, outgoing]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        this.#connections.delete(connection);
        // A lost host closes no connection.
        if (connection.frozen && socket === outgoing) return;
        incoming.destroy();
        outgoing.destroy();
      });
    }
    const requests = new DelayLine((chunk) => outgoing.write(chunk));
    const answers = new DelayLine((chunk) => incoming.write(chunk));
    incoming.on("data", (chunk) => {
      if (this.#mode === "garbage") answerWithGarbage(incoming);
      else requests.push(chunk, this.#delayMs);
    });
    outgoing.on("data", (chunk) => answers.push(chunk, this.#delayMs));
    incoming.on("end", () => outgoing.end());
    outgoing.on("end", () => incoming.end());
    this.#apply(connection);
  }

  get #delayMs(): number {
    return this.#mode === "slow" ? LATE_MS : 0;
  }

  /** Lets each direction of a connection pass or holds it, by the mode. */
  #apply({ incoming, outgoing, frozen }: Connection): void {
    const held = frozen || this.#mode === "silent";
    flow(incoming, !held && this.#mode !== "requestsHeld");
    flow(outgoing, !held && this.#mode !== "answersHeld");
  }
}

function answerWithGarbage(socket: Socket): void {
  const head = `content-type: application/json\r\ncontent-length: ${GARBAGE.length}\r\nconnection: close`;
  socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${GARBAGE}`);
}

function flow(socket: Socket, passes: boolean): void {
  if (passes) socket.resume();
  else socket.pause();
}
