import type { Upstream } from "../metrics/contract.ts";
import type { Telemetry } from "../metrics/telemetry.ts";
import type { CircuitNews } from "./breaker.ts";
import { ChatApi } from "./chat.ts";
import { type ClientDeps, type ClientSettings, UpstreamClient } from "./client.ts";
import { MarketApi } from "./market.ts";

/** Settings of all upstreams; the policy's are the same for each. */
export type UpstreamSettings = Omit<ClientSettings, "name" | "baseUrl"> & {
  readonly chat: { readonly baseUrl: string; readonly model: string; readonly apiKey?: string | undefined };
  readonly market: { readonly baseUrl: string };
};

/** The external APIs, each behind its own policy. */
export type Upstreams = {
  readonly chat: ChatApi;
  readonly market: MarketApi;
  /** Takes what the breaker of another worker learned about an upstream. */
  learn(upstream: Upstream, news: CircuitNews): void;
  close(): Promise<void>;
};

export type UpstreamDeps = Pick<ClientDeps, "log" | "now"> & {
  readonly telemetry: Pick<Telemetry, "upstream">;
  /** Takes what a breaker of this process learned, for the other workers. */
  readonly publish: (upstream: Upstream, news: CircuitNews) => void;
};

/** Builds the clients of the external APIs. They connect when first used. */
export function createUpstreams(settings: UpstreamSettings, deps: UpstreamDeps): Upstreams {
  const { chat, market, ...shared } = settings;
  const { log, now, publish, telemetry } = deps;
  const client = (name: Upstream, baseUrl: string) =>
    new UpstreamClient(
      { ...shared, name, baseUrl },
      { log, now, cells: telemetry.upstream(name), publish: (news) => publish(name, news) },
    );
  const clients: Record<Upstream, UpstreamClient> = {
    chat: client("chat", chat.baseUrl),
    market: client("market", market.baseUrl),
  };
  return {
    chat: new ChatApi(clients.chat, chat),
    market: new MarketApi(clients.market),
    learn: (upstream, news) => clients[upstream].learn(news),
    close: async () => {
      await Promise.all(Object.values(clients).map((one) => one.close()));
    },
  };
}
