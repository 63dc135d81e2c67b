import { BUDGETS, type HurtKind, PATIENCE } from "./budgets.ts";
import { type Spell, scaled, spellsOf } from "./hurts.ts";
import type { FaultView, NoticeView, TaskView, View } from "./view.ts";

/** What an alert says, as its reader understands it. */
export type Meaning = {
  /** Hurts that its reader would look into. */
  readonly explains: readonly HurtKind[];
  /** True for an alert that says that clients are hurt, and not only that something is broken. */
  readonly aboutClients: boolean;
};

export const FINDINGS = [
  "lost",
  "unfinished",
  "notRecovered",
  "missed",
  "falsePage",
  "falseNotification",
  "outlives",
  "notRun",
] as const;
export type Finding = { readonly kind: (typeof FINDINGS)[number]; readonly detail: string };

/** A hurt that lasted longer than its budget, and when it was notified. */
export type Hurt = Spell & { readonly noticedBy?: string; readonly noticedAfterMinutes?: number };

export type Verdict = {
  readonly findings: readonly Finding[];
  /** Hurts over their budget. */
  readonly hurts: readonly Hurt[];
  /** Firing notifications that were judged. */
  readonly notifications: number;
  readonly falseNotifications: number;
};

/** One alert at one receiver, from its first message to the resolved one. */
type Incident = {
  readonly alert: string;
  readonly receiver: string;
  readonly fromMs: number;
  /** Undefined while it is not resolved. */
  toMs: number | undefined;
  readonly messages: NoticeView[];
};

/**
 * Judges a schedule by what was seen from outside:
 *
 * 1. No accepted task is lost, and each ends.
 * 2. After the last fault clients are served again.
 * 3. A hurt over its budget was notified in time, by an alert that names it and its type, or no type.
 * 4. Nothing else was notified: no page without a hurt, no notification without a cause, none that stays.
 *
 * @param meanings of every alert that may arrive, by its name
 */
export function judge(view: View, meanings: Readonly<Record<string, Meaning>>): Verdict {
  const spells = spellsOf(view);
  const incidents = incidentsIn(view.notices);
  const hurts = spells
    .filter((spell) => isOverBudget(spell, view))
    .map((spell) => withNotice(spell, incidents, view, meanings));
  const firing = view.notices.filter(({ status }) => status === "firing");
  const wrong = firing.flatMap((notice) => wrongNotice(notice, spells, view, meanings) ?? []);
  return {
    findings: [
      ...tasksNotEnded(view.tasks),
      ...(view.notRecovered === "" ? [] : [finding("notRecovered", view.notRecovered)]),
      ...hurts.filter(({ noticedBy }) => noticedBy === undefined).map((hurt) => missed(hurt, view)),
      ...wrong,
      ...outliving(incidents, spells, view, meanings),
    ],
    hurts,
    notifications: firing.length,
    falseNotifications: wrong.length,
  };
}

function tasksNotEnded(tasks: readonly TaskView[]): Finding[] {
  const accepted = tasks.filter(({ answer }) => answer === "accepted");
  const lost = accepted.filter(({ unknown }) => unknown);
  const open = accepted.filter(({ unknown, endedAtMs }) => !unknown && endedAtMs === undefined);
  return [
    ...(lost.length === 0 ? [] : [finding("lost", `${lost.length} tasks, such as ${lost[0]?.id}`)]),
    ...(open.length === 0 ? [] : [finding("unfinished", `${open.length} tasks, such as ${open[0]?.id}`)]),
  ];
}

function isOverBudget({ hurt, kind, fromMs, toMs }: Spell, { factor }: View): boolean {
  return hurt && toMs - fromMs > scaled(BUDGETS[kind].noticedWithinMinutes, factor);
}

/** Finds the first alert that names a hurt in time, or already named it when it began. */
function withNotice(
  spell: Spell,
  incidents: readonly Incident[],
  view: View,
  meanings: Readonly<Record<string, Meaning>>,
): Hurt {
  const dueMs = spell.fromMs + scaled(BUDGETS[spell.kind].noticedWithinMinutes, view.factor);
  const first = incidents
    .filter(({ alert }) => meanings[alert]?.explains.includes(spell.kind))
    .filter(({ toMs }) => toMs === undefined || toMs > spell.fromMs)
    .flatMap(({ alert, messages }) =>
      messages
        .filter(({ types, receivedAtMs }) => receivedAtMs <= dueMs && namesType(types, spell.type))
        .map(({ receivedAtMs }) => ({ alert, receivedAtMs })),
    )
    .toSorted((a, b) => a.receivedAtMs - b.receivedAtMs)[0];
  if (first === undefined) return spell;
  const after = Math.max(0, first.receivedAtMs - spell.fromMs) / scaled(1, view.factor);
  return { ...spell, noticedBy: first.alert, noticedAfterMinutes: Math.round(after * 10) / 10 };
}

/** A message that names no type is about all. */
function namesType(types: readonly string[], type: string): boolean {
  return types.length === 0 || types.includes(type);
}

function missed(hurt: Hurt, view: View): Finding {
  const received = [...new Set(view.notices.map(({ alert, types }) => `${alert} ${types.join("+")}`.trim()))];
  const lasted = (hurt.toMs - hurt.fromMs) / scaled(1, view.factor);
  const from = (hurt.fromMs - view.startedAtMs) / scaled(1, view.factor);
  return finding(
    "missed",
    `clients of ${hurt.type} were hurt (${hurt.kind}) for ${lasted.toFixed(1)} minutes from minute ${from.toFixed(1)}; ` +
      `notified: ${received.join(", ") || "nothing"}`,
  );
}

/** Why a firing notification was false; undefined if it had a cause. */
function wrongNotice(
  { alert, types, receivedAtMs, receiver, pages }: NoticeView,
  spells: readonly Spell[],
  view: View,
  meanings: Readonly<Record<string, Meaning>>,
): Finding | undefined {
  const sinceMs = receivedAtMs - scaled(PATIENCE.lookbackMinutes, view.factor);
  const meaning = meanings[alert];
  const minute = ((receivedAtMs - view.startedAtMs) / scaled(1, view.factor)).toFixed(1);
  const what = `${alert}${types.length === 0 ? "" : ` of ${types.join(" and ")}`} at ${receiver} in minute ${minute}`;
  if (meaning === undefined) return finding("falseNotification", `${what}: no such alert is known`);
  const during = (from: number, to: number) => from <= receivedAtMs && to >= sinceMs;
  const broken = view.faults.filter(({ fromMs, toMs }) => during(fromMs, toMs));
  if (broken.some(({ telemetry }) => telemetry)) return undefined;
  const speaksOf = ({ kind, type }: Spell) => meaning.explains.includes(kind) && namesType(types, type);
  const known = spells.filter((spell) => speaksOf(spell) && during(spell.fromMs, spell.toMs));
  if (pages) {
    // Where clients do little, a page may come before they notice.
    const untilMs = receivedAtMs + scaled(PATIENCE.leadMinutes, view.factor);
    const later = ({ fromMs }: Spell) => fromMs > receivedAtMs && fromMs <= untilMs;
    const hurt = spells.some((spell) => spell.hurt && (known.includes(spell) || (speaksOf(spell) && later(spell))));
    return hurt ? undefined : finding("falsePage", `${what}: clients were not hurt in this way`);
  }
  if (known.length > 0) return undefined;
  if (meaning.aboutClients) return finding("falseNotification", `${what}: clients had no trouble of this kind`);
  return broken.length > 0 ? undefined : finding("falseNotification", `${what}: nothing was broken`);
}

/** Alerts that still fire long after their last cause. The view ends no earlier unless all are resolved. */
function outliving(
  incidents: readonly Incident[],
  spells: readonly Spell[],
  view: View,
  meanings: Readonly<Record<string, Meaning>>,
): Finding[] {
  const sinceMs = view.endedAtMs - scaled(PATIENCE.lookbackMinutes, view.factor);
  return incidents
    .filter(({ toMs }) => toMs === undefined)
    .filter(({ alert, messages }) => {
      const types = messages.at(-1)?.types ?? [];
      // Clients have trouble again, or still: that is not the fault's.
      return !spells.some(
        ({ kind, type, toMs }) => toMs >= sinceMs && meanings[alert]?.explains.includes(kind) && namesType(types, type),
      );
    })
    .map(({ alert, receiver }) => finding("outlives", `${alert} at ${receiver} is not resolved${lastFault(view)}`));
}

function lastFault({ faults, endedAtMs, factor }: View): string {
  const last = Math.max(...faults.map(({ toMs }: FaultView) => toMs));
  return faults.length === 0
    ? ""
    : ` ${((endedAtMs - last) / scaled(1, factor)).toFixed(1)} minutes after the last fault`;
}

/** The messages of each alert at each receiver, as it fires and resolves. */
function incidentsIn(notices: readonly NoticeView[]): Incident[] {
  const found: Incident[] = [];
  const open = new Map<string, Incident>();
  for (const notice of notices.toSorted((a, b) => a.receivedAtMs - b.receivedAtMs)) {
    const { alert, receiver, receivedAtMs } = notice;
    const key = `${alert} ${receiver}`;
    const current = open.get(key);
    if (notice.status === "resolved") {
      if (current !== undefined) current.toMs = receivedAtMs;
      open.delete(key);
    } else if (current === undefined) {
      const begun = { alert, receiver, fromMs: receivedAtMs, toMs: undefined, messages: [notice] };
      open.set(key, begun);
      found.push(begun);
    } else {
      current.messages.push(notice);
    }
  }
  return found;
}

function finding(kind: Finding["kind"], detail: string): Finding {
  return { kind, detail };
}
