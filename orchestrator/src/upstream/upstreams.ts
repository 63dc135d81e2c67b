import type { Upstream } from "../metrics/contract.ts";
import type { Telemetry } from "../metrics/telemetry.ts";
import { ChatApi } from "./chat.ts";
import { type ClientSettings, UpstreamClient, type UpstreamLog } from "./client.ts";
import { MarketApi } from "./market.ts";
import type { Availability } from "./policy.ts";

/** Settings of all upstreams; the policy's are the same for each. */
export type UpstreamSettings = Omit<ClientSettings, "name" | "baseUrl"> & {
  readonly chat: { readonly baseUrl: string; readonly model: string; readonly apiKey?: string | undefined };
  readonly market: { readonly baseUrl: string };
};

/** The external APIs, each behind its own policy. */
export type Upstreams = {
  readonly chat: ChatApi;
  readonly market: MarketApi;
  /** Whether an upstream's breaker is open, and when it lets a call through again, epoch ms. */
  availability(upstream: Upstream): Availability;
  close(): Promise<void>;
};

/** Builds the clients of the external APIs. They connect when first used. */
export function createUpstreams(
  settings: UpstreamSettings,
  telemetry: Pick<Telemetry, "upstream">,
  log: UpstreamLog,
): Upstreams {
  const { chat, market, ...shared } = settings;
  const clients: Record<Upstream, UpstreamClient> = {
    chat: new UpstreamClient({ ...shared, name: "chat", baseUrl: chat.baseUrl }, telemetry.upstream("chat"), log),
    market: new UpstreamClient(
      { ...shared, name: "market", baseUrl: market.baseUrl },
      telemetry.upstream("market"),
      log,
    ),
  };
  return {
    chat: new ChatApi(clients.chat, chat),
    market: new MarketApi(clients.market),
    availability: (upstream) => clients[upstream].availability,
    close: async () => {
      await Promise.all(Object.values(clients).map((client) => client.close()));
    },
  };
}
