import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Link, type LinkMode } from "./link.ts";

/** A link in a thread of its own: what passes does not wait for other work of this process. */
export class LinkThread implements AsyncDisposable {
  readonly port: number;
  readonly #worker: Worker;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.port = port;
  }

  /** Opens a link on a free loopback port. @param target port on loopback to connect to */
  static async open(target: number): Promise<LinkThread> {
    const worker = new Worker(new URL(import.meta.url), { workerData: { target } });
    const [port] = (await once(worker, "message")) as [number];
    return new LinkThread(worker, port);
  }

  /** Changes the mode for open and new connections. */
  set(mode: LinkMode): void {
    this.#worker.postMessage(mode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

if (!isMainThread && parentPort !== null && isLinkData(workerData)) {
  const link = await Link.open(workerData.target);
  parentPort.on("message", (mode: LinkMode) => link.set(mode));
  parentPort.postMessage(link.port);
}

/** Other threads, such as those of a test runner, have other data. */
function isLinkData(data: unknown): data is { readonly target: number } {
  return typeof data === "object" && data !== null && "target" in data;
}
