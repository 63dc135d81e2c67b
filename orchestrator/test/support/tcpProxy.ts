import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy whose open connections can be made to hang: nothing passes, nothing is closed, neither end is notified. */
export type TcpProxy = {
  readonly port: number;
  /** Connections that are open. */
  readonly connections: number;
  /** Where new connections go from now on; those that are open stay where they are. */
  retarget(port: number): void;
  /** Makes every connection that is open now hang for good. New ones pass. */
  hangOpenOnes(): void;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Starts a proxy on an ephemeral loopback port. @param firstTarget port on loopback */
export async function startTcpProxy(firstTarget: number): Promise<TcpProxy> {
  let target = firstTarget;
  const pairs = new Set<[Socket, Socket]>();
  const server = createServer((incoming) => {
    const outgoing = connect(target, "127.0.0.1");
    const pair: [Socket, Socket] = [incoming, outgoing];
    pairs.add(pair);
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
    for (const socket of pair) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        pairs.delete(pair);
        for (const end of pair) end.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    get connections() {
      return pairs.size;
    },
    retarget(to) {
      target = to;
    },
    hangOpenOnes() {
      for (const [incoming, outgoing] of pairs) {
        incoming.unpipe(outgoing);
        outgoing.unpipe(incoming);
        incoming.pause();
        outgoing.pause();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const pair of pairs) for (const end of pair) end.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
