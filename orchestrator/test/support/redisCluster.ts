import { freePort } from "@mcp-orchestrator/e2e/testkit/ports";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { type RedisServer, startRedis } from "./redisServer.ts";

const SLOTS = 16_384;

/** A node of a Cluster, and the port of its bus. */
export type ClusterNode = { readonly node: RedisServer; readonly busPort: number };

/** Starts a node that has no slots. Its bus gets a free port: the default, 10,000 above its own, may be in use. */
async function startNode(...args: string[]): Promise<ClusterNode> {
  const busPort = await freePort();
  const cluster = ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1", "--cluster-port", String(busPort)];
  return { node: await startRedis(...cluster, ...args), busPort };
}

/** Starts a Cluster whose nodes have the same number of slots, and waits until it serves them. @param args of redis-server */
export async function startCluster(
  stack: AsyncDisposableStack,
  count: number,
  ...args: string[]
): Promise<RedisServer[]> {
  const nodes: ClusterNode[] = [];
  for (let at = 0; at < count; at++) {
    const started = await startNode(...args);
    nodes.push({ ...started, node: stack.use(started.node) });
  }
  for (const [at, { node, busPort }] of nodes.entries()) {
    const [from, to] = [Math.floor((at * SLOTS) / count), Math.floor(((at + 1) * SLOTS) / count) - 1];
    await node.client.cluster("ADDSLOTSRANGE", from, to);
    if (at > 0) await nodes[0]?.node.client.call("CLUSTER", "MEET", "127.0.0.1", node.port, busPort);
  }
  const servers = nodes.map(({ node }) => node);
  await eventually(
    () => Promise.all(servers.map(({ client }) => client.cluster("INFO") as Promise<string>)),
    (infos) =>
      infos.every((info) => info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${count}`)),
    20_000,
  );
  return servers;
}

/** Starts a Cluster of one node that serves all slots. */
export async function startSingleNodeCluster(): Promise<RedisServer> {
  await using stack = new AsyncDisposableStack();
  const [node] = (await startCluster(stack, 1)) as [RedisServer];
  stack.move();
  return node;
}
