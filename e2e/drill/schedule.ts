import type { Episode } from "./episodes/episode.ts";

/**
 * Which episode a stack serves next. Stacks on the same cores disturb each other: what starts processes is done one after
 * the other, from the beginning, and one stack in four keeps to what does little. For the rest, longest first.
 */

/** What an episode asks of its stack: a timing, and a number of replicas unless any will do. */
export type Kind = { readonly factor: number; readonly replicas: number };

/** A stack at work. */
export type Serving = {
  readonly kind: Kind;
  /** Whether it rather serves episodes that do little. */
  readonly light: boolean;
  readonly served: { readonly episode: Episode; readonly endedAtMs: number }[];
  /** From when it is taken, which for the first is before the stack starts. */
  running?: Episode;
};

/** One stack in so many serves the episodes that do little beside the others, as long as there are any. */
const LIGHT_ONE_IN = 4;

/** @param index of the stack among those side by side, from 0 */
export function servesLightEpisodes(index: number): boolean {
  return index % LIGHT_ONE_IN === LIGHT_ONE_IN - 1;
}

const kindOf = ({ profile, replicas = 1 }: Episode): Kind => ({ factor: profile.factor, replicas });

const goesWith = ({ profile, replicas }: Episode, kind: Kind): boolean =>
  profile.factor === kind.factor && (replicas ?? kind.replicas) === kind.replicas;

/** The kind of stack that has the most to do for each that serves it; those that none serves come first. */
export function neediestKind(waiting: readonly Episode[], serving: readonly Serving[]): Kind | undefined {
  const perStackMs = ({ factor, replicas }: Kind) => {
    const ofKind = (other: Kind) => other.factor === factor && other.replicas === replicas;
    const workMs = waiting
      .filter((episode) => ofKind(kindOf(episode)))
      .reduce((sum, episode) => sum + episode.expectedMs, 0);
    return workMs / (serving.filter(({ kind }) => ofKind(kind)).length || 1e-6);
  };
  return waiting.map(kindOf).toSorted((a, b) => perStackMs(b) - perStackMs(a))[0];
}

/** How long a stack's metrics remember: the windows of the runbooks' queries, the same at every scale. */
const REMEMBERED_MS = 60_000;

/** Watching, or a few tasks. */
const isLight = ({ kind, startsProcesses }: Episode): boolean => kind === "control" && startsProcesses !== true;

/**
 * Takes the next episode that goes with a stack out of those that wait. In this order it is rather one that need not wait
 * until an earlier one is forgotten; one that starts processes, but not while another does; one that is light, or not,
 * as the stack would like; one that needs its number of replicas; the longest.
 *
 * @param waiting longest first
 */
export function take(waiting: Episode[], stack: Serving, serving: readonly Serving[]): Episode | undefined {
  const sinceMs = Date.now() - REMEMBERED_MS;
  const recent = stack.served.filter(({ endedAtMs }) => endedAtMs > sinceMs);
  const traces = new Set(recent.map(({ episode }) => episode.traces));
  const starting = serving.some(({ running }) => running?.startsProcesses);
  const drawbacks = (episode: Episode) => [
    episode.traces !== undefined && traces.has(episode.traces),
    episode.startsProcesses === true && starting,
    episode.startsProcesses !== true && !starting,
    isLight(episode) !== stack.light,
    episode.replicas === undefined,
  ];
  const [next] = waiting
    .filter((episode) => goesWith(episode, stack.kind))
    .map((episode) => ({ episode, weight: drawbacks(episode).map(Number).join("") }))
    .toSorted((a, b) => a.weight.localeCompare(b.weight));
  if (next === undefined) return undefined;
  waiting.splice(waiting.indexOf(next.episode), 1);
  stack.running = next.episode;
  return next.episode;
}
