import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";

/** Something that must not outlive this process. */
export type Resource =
  | { readonly processGroup: number }
  | { readonly container: string }
  | { readonly folder: string }
  /** A process that the containers need: it ends after them. */
  | { readonly daemon: number };

/** A line to the reaper process. */
export type ReaperMessage = { readonly reap: Resource; readonly id: number } | { readonly release: number };

let reaper: ChildProcess | undefined;
let lastId = 0;

/**
 * Removes a process group, container or folder after the end of this process, however it ends. A handler in this
 * process would not run after SIGKILL.
 *
 * @returns call it when the resource was removed in the regular way
 */
export function reapAtEnd(resource: Resource): () => void {
  lastId += 1;
  const id = lastId;
  send({ reap: resource, id });
  return () => send({ release: id });
}

function send(message: ReaperMessage): void {
  reaper ??= startReaper();
  reaper.stdin?.write(`${JSON.stringify(message)}\n`);
}

/** A process in its own session, so that Ctrl-C does not reach it. The end of its standard input is its signal. */
function startReaper(): ChildProcess {
  const script = fileURLToPath(new URL("reaperProcess.ts", import.meta.url));
  const child = spawn(process.execPath, [script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.on("error", () => {});
  child.unref();
  (child.stdin as Socket).unref();
  return child;
}
