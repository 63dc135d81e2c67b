import { bare } from "./bare.ts";
import { bullmq } from "./bullmq.ts";
import { ours } from "./ours.ts";
import type { Peer } from "./peer.ts";

/** All candidates of the benchmark. */
export const PEERS: readonly Peer[] = [ours, bullmq, bare];
