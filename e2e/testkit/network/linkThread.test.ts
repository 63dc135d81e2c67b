import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { LinkThread } from "./linkThread.ts";

test("it passes bytes in both directions, and refuses connections in that mode", async () => {
  const echo = createServer((socket) => socket.on("error", () => {}).pipe(socket));
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  const { port } = echo.address() as { port: number };
  await using link = await LinkThread.open(port);
  const client = connect(link.port, "127.0.0.1");
  client.write("hello");
  const [answer] = await once(client, "data");
  expect(String(answer)).toBe("hello");
  // `once` would reject at the reset.
  const closed = new Promise((resolve) => client.on("error", () => {}).once("close", resolve));
  link.set("refuse");
  await closed;
  echo.close();
});
