import type { Upstream } from "../metrics/contract.ts";
import type { Telemetry } from "../metrics/telemetry.ts";
import type { CircuitEvent } from "./breaker.ts";
import { ChatApi } from "./chat.ts";
import { type ClientDeps, type ClientSettings, UpstreamClient } from "./client.ts";
import { MarketApi } from "./market.ts";

/** Settings of all upstreams, which share the settings of the policy. */
export type UpstreamSettings = Omit<ClientSettings, "name" | "baseUrl"> & {
  readonly chat: { readonly baseUrl: string; readonly model: string; readonly apiKey?: string | undefined };
  readonly market: { readonly baseUrl: string };
};

/** The external APIs. Each has its own policy. */
export type Upstreams = {
  readonly chat: ChatApi;
  readonly market: MarketApi;
  /** Applies an event of the breaker of another worker. */
  observe(upstream: Upstream, event: CircuitEvent): void;
  close(): void;
};

export type UpstreamDeps = Pick<ClientDeps, "log" | "now"> & {
  readonly telemetry: Pick<Telemetry, "upstream">;
  /** Called with an event of a breaker of this process, for the other workers. */
  readonly publish: (upstream: Upstream, event: CircuitEvent) => void;
};

/** Creates the clients of the external APIs. They connect on first use. */
export function createUpstreams(settings: UpstreamSettings, deps: UpstreamDeps): Upstreams {
  const { chat, market, ...shared } = settings;
  const { log, now, publish, telemetry } = deps;
  const client = (name: Upstream, baseUrl: string) =>
    new UpstreamClient(
      { ...shared, name, baseUrl },
      { log, now, counters: telemetry.upstream(name), publish: (event) => publish(name, event) },
    );
  const clients: Record<Upstream, UpstreamClient> = {
    chat: client("chat", chat.baseUrl),
    market: client("market", market.baseUrl),
  };
  return {
    chat: new ChatApi(clients.chat, chat),
    market: new MarketApi(clients.market),
    observe: (upstream, event) => clients[upstream].observe(event),
    close: () => {
      for (const one of Object.values(clients)) one.close();
    },
  };
}
