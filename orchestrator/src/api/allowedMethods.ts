import type { FastifyInstance } from "fastify";

/**
 * Remembers the routes, so that a known path with the wrong method is distinguished from an unknown path. Call it before the
 * routes are added.
 *
 * @returns the methods that a path answers to; none for an unknown path
 */
export function allowedMethods(server: FastifyInstance): (path: string) => string[] {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  server.addHook("onRoute", ({ url, method }) => {
    const pattern = new RegExp(`^${url.replaceAll(".", "\\.").replace(/:\w+/g, "[^/]+")}$`);
    routes.push({ pattern, methods: [method].flat() });
  });
  return (path) => [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
}
