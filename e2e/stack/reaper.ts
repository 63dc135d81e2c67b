import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";

/** Something that must not outlive this process. */
export type Ward =
  | { readonly processGroup: number }
  | { readonly container: string }
  | { readonly folder: string }
  /** A process that the containers need; asked to end after them. */
  | { readonly daemon: number };

/** A line to the guardian process. */
export type GuardianMessage = { readonly guard: Ward; readonly id: number } | { readonly release: number };

let guardian: ChildProcess | undefined;
let lastId = 0;

/**
 * Sees to it that a process group, a container or a folder is gone after this process, however it ends. No handler of
 * this process could promise that: a test runner that is killed runs none.
 *
 * @returns what to call once the ward was cleaned up in the regular way
 */
export function guard(ward: Ward): () => void {
  lastId += 1;
  const id = lastId;
  send({ guard: ward, id });
  return () => send({ release: id });
}

function send(message: GuardianMessage): void {
  guardian ??= startGuardian();
  guardian.stdin?.write(`${JSON.stringify(message)}\n`);
}

/** A process of its own session, so that Ctrl-C does not reach it; the end of its standard input is its signal. */
function startGuardian(): ChildProcess {
  const script = fileURLToPath(new URL("reaperProcess.ts", import.meta.url));
  const child = spawn(process.execPath, [script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.on("error", () => {});
  child.unref();
  (child.stdin as Socket).unref();
  return child;
}
