import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Link } from "./link.ts";

test("a link closes although a connection without its peer hangs", async () => {
  const received: string[] = [];
  const accepted: Socket[] = [];
  const target = createServer((socket) => {
    accepted.push(socket);
    socket.on("data", (data) => received.push(String(data))).on("error", () => undefined);
  });
  await once(target.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void target.close());
  const link = await Link.open((target.address() as { port: number }).port);
  const client = async () => {
    const socket = connect(link.port, "127.0.0.1").on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  const hanging = await client();
  await expect.poll(() => accepted.length).toBe(1);
  link.set("slow");
  hanging.write("late");
  // It has reached the link before a second connection has.
  const other = await client();
  other.write("later");
  await expect.poll(() => accepted.length).toBe(2);
  link.freeze();
  accepted[0]?.resetAndDestroy();
  await expect.poll(() => received).toEqual(["later"]);
  await link[Symbol.asyncDispose]();
});
