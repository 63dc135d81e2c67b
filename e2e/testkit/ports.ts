import { createServer } from "node:net";

/**
 * Below the range from which systems take ports for outgoing connections (32768 on Linux, 49152 elsewhere): a server
 * that is stopped and started again finds its port still free, and no client connects to itself while it is gone.
 */
const FIRST = 12_000;
const LAST = 32_000;

let next = FIRST + Math.floor(Math.random() * (LAST - FIRST));

/** Takes a port that nothing listens on. Never gives the same one twice within a process. */
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
