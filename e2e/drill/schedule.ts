import type { Episode } from "./episodes/episode.ts";
import { REMEMBERED_MS } from "./runbooks/plan.ts";

/**
 * Which episode a stack runs next. Stacks on the same cores disturb each other: episodes that start processes run one
 * at a time, and one stack in three prefers light episodes. Otherwise the longest comes first.
 */

/** What an episode requires of its stack: a timing, a number of replicas unless any will do, and the alerts on objectives. */
export type Kind = { readonly factor: number; readonly replicas: number; readonly budgets?: Episode["budgets"] };

/** What decides which stack runs an episode, and when. */
export type Schedulable = Pick<
  Episode,
  "profile" | "replicas" | "expectedMs" | "kind" | "startsProcesses" | "traces" | "budgets" | "needsFreshStack"
>;

/** A running stack. */
export type Serving<E extends Schedulable = Episode> = {
  readonly kind: Kind;
  /** It prefers light episodes. */
  readonly light: boolean;
  readonly served: { readonly episode: E; readonly endedAtMs: number }[];
  /** When it was taken; for the first episode, before the stack starts. */
  running?: E;
};

/** One stack in this many prefers light episodes. */
const LIGHT_ONE_IN = 3;

/** @param index of the stack among those side by side, from 0 */
export function servesLightEpisodes(index: number): boolean {
  return index % LIGHT_ONE_IN === LIGHT_ONE_IN - 1;
}

const kindOf = ({ profile, replicas = 1, budgets }: Schedulable): Kind => ({
  ...{ factor: profile.factor, replicas },
  ...(budgets === undefined ? {} : { budgets }),
});

const goesWith = ({ profile, replicas, budgets }: Schedulable, kind: Kind): boolean =>
  profile.factor === kind.factor && (replicas ?? kind.replicas) === kind.replicas && budgets === kind.budgets;

/** The kind of stack with the most work per stack; kinds without a stack come first. */
export function neediestKind(
  waiting: readonly Schedulable[],
  serving: readonly Pick<Serving<Schedulable>, "kind">[],
): Kind | undefined {
  const perStackMs = ({ factor, replicas, budgets }: Kind) => {
    const ofKind = (other: Kind) => other.factor === factor && other.replicas === replicas && other.budgets === budgets;
    const workMs = waiting
      .filter((episode) => ofKind(kindOf(episode)))
      .reduce((sum, episode) => sum + episode.expectedMs, 0);
    return workMs / (serving.filter(({ kind }) => ofKind(kind)).length || 1e-6);
  };
  return waiting.map(kindOf).toSorted((a, b) => perStackMs(b) - perStackMs(a))[0];
}

const isLight = ({ kind, startsProcesses }: Schedulable): boolean => kind === "baseline" && startsProcesses !== true;

/**
 * Takes the next episode for a stack. By priority it prefers one that needs a fresh stack, on a fresh stack; one whose
 * traces have gone; one that starts processes, unless another is doing so; one that is light or not, as the stack
 * prefers; one that needs its number of replicas; the longest.
 *
 * @param waiting longest first
 */
export function take<E extends Schedulable>(
  waiting: E[],
  stack: Serving<E>,
  serving: readonly Serving<E>[],
): E | undefined {
  const isFresh = stack.served.length === 0;
  const sinceMs = Date.now() - REMEMBERED_MS;
  const recent = stack.served.filter(({ endedAtMs }) => endedAtMs > sinceMs);
  const traces = new Set(recent.map(({ episode }) => episode.traces));
  const starting = serving.some(({ running }) => running?.startsProcesses);
  const drawbacks = (episode: E) => [
    episode.needsFreshStack !== true,
    episode.traces !== undefined && traces.has(episode.traces),
    episode.startsProcesses === true && starting,
    episode.startsProcesses !== true && !starting,
    isLight(episode) !== stack.light,
    episode.replicas === undefined,
  ];
  const [next] = waiting
    .filter((episode) => goesWith(episode, stack.kind) && (isFresh || episode.needsFreshStack !== true))
    .map((episode) => ({ episode, weight: drawbacks(episode).map(Number).join("") }))
    .toSorted((a, b) => a.weight.localeCompare(b.weight));
  if (next === undefined) return undefined;
  waiting.splice(waiting.indexOf(next.episode), 1);
  stack.running = next.episode;
  return next.episode;
}
