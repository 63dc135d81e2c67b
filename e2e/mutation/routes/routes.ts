import { type AlertmanagerConfig, RECEIVERS, type Route } from "@mcp-orchestrator/alertmanager";

/** The configuration with one mistake in its routing. */
export type RouteMutant = { readonly name: string; readonly config: AlertmanagerConfig };

const TIMINGS = ["group_wait", "group_interval", "repeat_interval"] as const;

/** Every single mistake we can think of in the routes: dropped, turned, or at another pace. */
export function routeMutants(config: AlertmanagerConfig): RouteMutant[] {
  const { route } = config;
  const children = route.routes ?? [];
  const withRoot = (name: string, root: Route): RouteMutant => ({
    name: `route: ${name}`,
    config: { ...config, route: root },
  });
  const withChildren = (name: string, routes: readonly Route[]) => withRoot(name, { ...route, routes });
  const ofChildren = children.flatMap((child, index) => {
    const replaced = (name: string, other: Route) =>
      withChildren(
        `${child.receiver}: ${name}`,
        children.map((each) => (each === child ? other : each)),
      );
    return [
      withChildren(
        `${child.receiver} dropped`,
        children.filter((each) => each !== child),
      ),
      ...(index === 0 ? [] : [withChildren(`${child.receiver} moved up`, moveUp(children, index))]),
      ...ofMatchers(child).map(({ name, route: other }) => replaced(name, other)),
      replaced("continue toggled", child.continue === true ? omitContinue(child) : { ...child, continue: true }),
      ...otherReceivers(child).map((other) => replaced(`sent to ${other.receiver}`, other)),
      ...ofRhythm(child).map(({ name, route: other }) => replaced(name, other)),
    ];
  });
  return [
    ...ofChildren,
    ...otherReceivers(route).map((other) => withRoot(`root sent to ${other.receiver}`, other)),
    ...ofRhythm(route).map(({ name, route: other }) => withRoot(`root: ${name}`, other)),
  ];
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

function ofRhythm(route: Route): Named[] {
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
