import { BUDGETS, HURTS, type HurtKind, LATE, PATIENCE } from "./budgets.ts";
import type { TaskView, View } from "./view.ts";

/** Clients are hurt, or have trouble, in one way for some time. */
export type Spell = {
  readonly kind: HurtKind;
  readonly type: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly hurt: boolean;
};

type Grade = "good" | "trouble" | "bad";

/** What a client saw of one task: it counts from `fromMs` and ends at `toMs`. */
type Event = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly troubleFromMs: number;
  readonly badFromMs: number;
};

const MINUTE_MS = 60_000;
/** Minutes at production length between two judgements. */
const STEP_MINUTES = 0.5;

/** Every spell of hurt and of trouble in a view. A hurt is trouble too, and is in both. */
export function spellsOf(view: View): Spell[] {
  const types = [...new Set(view.tasks.map(({ type }) => type))];
  return types.flatMap((type) => {
    const tasks = view.tasks.filter((task) => task.type === type);
    return HURTS.flatMap((kind) =>
      judgedTogether(kind, tasks).flatMap((group) => {
        const events = group.flatMap((task) => eventOf(kind, task, view) ?? []);
        return [true, false]
          .flatMap((hurt) => spells(events, kind, view, hurt))
          .map((spell) => ({ kind, type, ...spell }));
      }),
    );
  });
}

function judgedTogether(kind: HurtKind, tasks: readonly TaskView[]): (readonly TaskView[])[] {
  const of = (lane: TaskView["lane"]) => tasks.filter((task) => task.lane === lane);
  switch (kind) {
    case "refused":
      return [of("express"), of("regular")];
    case "slow":
      return [of("express")];
    case "stuck":
      return [of("regular")];
    case "failed":
      return [tasks];
  }
}

function eventOf(kind: HurtKind, task: TaskView, view: View): Event | undefined {
  const { answer, answeredAtMs, submittedAtMs, endedAtMs, end } = task;
  if (kind === "refused") return moment(answeredAtMs, answer !== "accepted");
  if (answer !== "accepted") return undefined;
  if (kind === "failed") return endedAtMs === undefined ? undefined : moment(endedAtMs, end === "failed");
  const { troubleMs, hurtMs } = lateAfter(kind, view.factor);
  const toMs = endedAtMs ?? view.endedAtMs;
  const tookMs = toMs - submittedAtMs;
  if (tookMs <= troubleMs) return endedAtMs === undefined ? undefined : moment(endedAtMs, false);
  return {
    fromMs: submittedAtMs + troubleMs,
    toMs,
    troubleFromMs: submittedAtMs + troubleMs,
    badFromMs: tookMs > hurtMs ? submittedAtMs + hurtMs : Number.POSITIVE_INFINITY,
  };
}

function moment(atMs: number, bad: boolean): Event {
  const since = bad ? atMs : Number.POSITIVE_INFINITY;
  return { fromMs: atMs, toMs: atMs, troubleFromMs: since, badFromMs: since };
}

function lateAfter(kind: "slow" | "stuck", factor: number): { troubleMs: number; hurtMs: number } {
  if (kind === "slow") return LATE.express;
  const { hurtMinutes, troubleMinutes } = LATE.regular;
  return { hurtMs: scaled(hurtMinutes, factor), troubleMs: scaled(troubleMinutes, factor) };
}

/** Judges the events at every step, and joins what follows each other. */
function spells(events: readonly Event[], kind: HurtKind, view: View, hurt: boolean) {
  const stepMs = scaled(STEP_MINUTES, view.factor);
  const found: { fromMs: number; toMs: number; hurt: boolean }[] = [];
  let open: { fromMs: number; toMs: number; hurt: boolean } | undefined;
  for (let atMs = view.startedAtMs; atMs <= view.endedAtMs; atMs += stepMs) {
    const grade = gradeAt(atMs, events, kind, view.factor);
    if (grade === "good" || (hurt && grade === "trouble")) {
      open = undefined;
    } else if (open === undefined) {
      open = { fromMs: atMs, toMs: atMs, hurt };
      found.push(open);
    } else {
      open.toMs = atMs;
    }
  }
  return found;
}

/** How clients fare at one moment. */
function gradeAt(atMs: number, events: readonly Event[], kind: HurtKind, factor: number): Grade {
  const since = (minutes: number) =>
    events.filter(({ fromMs, toMs }) => fromMs <= atMs && toMs > atMs - scaled(minutes, factor));
  const recent = since(PATIENCE.windowMinutes);
  const seen =
    recent.length >= PATIENCE.fewEvents
      ? recent
      : since(PATIENCE.slowWindowMinutes)
          .toSorted((a, b) => a.toMs - b.toMs)
          .slice(-PATIENCE.fewEvents);
  const bad = seen.filter(({ badFromMs }) => badFromMs <= atMs).length;
  // What is open and not yet late says nothing about the share.
  const decided = seen.filter(({ toMs, badFromMs }) => Math.min(toMs, badFromMs) <= atMs).length;
  if (bad > 0 && bad / decided >= BUDGETS[kind].share) return "bad";
  return seen.some(({ troubleFromMs }) => troubleFromMs <= atMs) ? "trouble" : "good";
}

/** Real milliseconds of minutes at production length. */
export function scaled(minutes: number, factor: number): number {
  return (minutes * MINUTE_MS) / factor;
}
