import { createServer } from "node:net";

/**
 * Below the range of outgoing connections (from 32768 on Linux, from 49152 elsewhere): a stopped server finds its port
 * still free, and no client connects to itself meanwhile. The package get-port uses that range, and reuses a port after
 * half a minute.
 */
const FIRST = 12_000;
const LAST = 32_000;

let next = FIRST + Math.floor(Math.random() * (LAST - FIRST));

/** A free port. Never the same twice within a process. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < LAST - FIRST; tries += 1) {
    const port = next;
    next = next === LAST ? FIRST : next + 1;
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port between ${FIRST} and ${LAST}`);
}

/** Whether a server could listen on this port now, on loopback and on every address. */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port, "0.0.0.0"));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
