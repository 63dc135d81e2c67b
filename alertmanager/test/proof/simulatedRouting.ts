import type { Route } from "../../src/routes.ts";
import type { NotificationTiming } from "./routingCases.ts";

export type Delivery = { readonly receiver: string } & NotificationTiming;

type Labels = Readonly<Record<string, string>>;
type Inherited = Partial<Delivery>;

/**
 * The receivers of an alert and how often they are notified, computed like Alertmanager does. It judges hundreds of
 * mutants in the time that amtool takes to start; a test compares it with amtool.
 */
export function deliveriesOf(root: Route, labels: Labels): Delivery[] {
  return walk(root, labels, {});
}

function walk(route: Route, labels: Labels, inherited: Inherited): Delivery[] {
  const { routes = [], matchers: _, continue: __, ...own } = route;
  const settings = { ...inherited, ...own };
  const deliveries: Delivery[] = [];
  for (const child of routes) {
    if (!(child.matchers ?? []).every((matcher) => matches(matcher, labels))) continue;
    deliveries.push(...walk(child, labels, settings));
    if (child.continue !== true) break;
  }
  return deliveries.length > 0 ? deliveries : [settings as Delivery];
}

function matches(matcher: string, labels: Labels): boolean {
  const parts = /^(\w+)(=~|!=|=)"(.*)"$/.exec(matcher);
  if (parts === null) throw new SyntaxError(`Not a matcher: ${matcher}`);
  const [, name = "", operator, value = ""] = parts;
  const actual = labels[name] ?? "";
  if (operator === "=~") return new RegExp(`^(?:${value})$`).test(actual);
  return (actual === value) === (operator === "=");
}
