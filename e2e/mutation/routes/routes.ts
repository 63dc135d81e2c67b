import { type AlertmanagerConfig, RECEIVERS, type Route } from "@mcp-orchestrator/alertmanager";

/** The configuration with one mistake in its routing. */
export type RouteMutant = { readonly name: string; readonly config: AlertmanagerConfig };

const TIMINGS = ["group_wait", "group_interval", "repeat_interval"] as const;

/** Every single mistake that the operators make in the routes: dropped, inverted, or with another interval. */
export function routeMutants(config: AlertmanagerConfig): RouteMutant[] {
  const { route } = config;
  const children = route.routes ?? [];
  const withRoot = (name: string, root: Route): RouteMutant => ({
    name: `route: ${name}`,
    config: { ...config, route: root },
  });
  const withChildren = (name: string, routes: readonly Route[]) => withRoot(name, { ...route, routes });
  const ofChildren = children.flatMap((child, index) => {
    const name = nameOf(child, children);
    const replaced = (change: string, other: Route) =>
      withChildren(
        `${name}: ${change}`,
        children.map((each) => (each === child ? other : each)),
      );
    return [
      withChildren(
        `${name} dropped`,
        children.filter((each) => each !== child),
      ),
      ...(index === 0 ? [] : [withChildren(`${name} moved up`, moveUp(children, index))]),
      ...ofMatchers(child).map(({ name: change, route: other }) => replaced(change, other)),
      replaced("continue toggled", child.continue === true ? omitContinue(child) : { ...child, continue: true }),
      ...otherReceivers(child).map((other) => replaced(`sent to ${other.receiver}`, other)),
      ...ofTiming(child).map(({ name: change, route: other }) => replaced(change, other)),
    ];
  });
  return [
    ...ofChildren,
    ...otherReceivers(route).map((other) => withRoot(`root sent to ${other.receiver}`, other)),
    ...ofTiming(route).map(({ name, route: other }) => withRoot(`root: ${name}`, other)),
  ];
}

/** By its receiver, and by its alert where several routes lead there. */
function nameOf({ receiver, matchers = [] }: Route, all: readonly Route[]): string {
  const alert = /^alertname="(.*)"$/.exec(matchers[0] ?? "")?.[1];
  return alert === undefined || all.filter((each) => each.receiver === receiver).length === 1
    ? receiver
    : `${receiver} of ${alert}`;
}

type Named = { readonly name: string; readonly route: Route };

function ofMatchers(route: Route): Named[] {
  const matchers = route.matchers ?? [];
  return matchers.flatMap((matcher) => [
    { name: `matcher ${matcher} dropped`, route: { ...route, matchers: matchers.filter((each) => each !== matcher) } },
    {
      name: `matcher ${matcher} turned`,
      route: { ...route, matchers: matchers.map((each) => (each === matcher ? each.replace("=", "!=") : each)) },
    },
  ]);
}

function ofTiming(route: Route): Named[] {
  const ofGroups = (route.group_by ?? []).map((label) => ({
    name: `group_by without ${label}`,
    route: { ...route, group_by: (route.group_by ?? []).filter((each) => each !== label) },
  }));
  const wider = { name: "group_by with queue", route: { ...route, group_by: [...(route.group_by ?? []), "queue"] } };
  const ofTimings = TIMINGS.flatMap((key) =>
    ["7s", "45m"].map((other) => ({
      name: `${key} ${route[key] ?? "inherited"} -> ${other}`,
      route: { ...route, [key]: other },
    })),
  );
  return [...ofGroups, wider, ...ofTimings];
}

function otherReceivers(route: Route): Route[] {
  return RECEIVERS.filter((name) => name !== route.receiver).map((receiver) => ({ ...route, receiver }));
}

function omitContinue({ continue: _, ...route }: Route): Route {
  return route;
}

function moveUp(routes: readonly Route[], index: number): Route[] {
  const moved = [...routes];
  const [route] = moved.splice(index, 1);
  if (route !== undefined) moved.splice(index - 1, 0, route);
  return moved;
}
