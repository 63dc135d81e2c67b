import type { FastifyInstance } from "fastify";

/**
 * Records the routes, to distinguish a known path with a wrong method from an unknown path. Must be called before the routes
 * are added.
 *
 * @returns the methods of a path; empty for an unknown path
 */
export function allowedMethods(server: FastifyInstance): (path: string) => string[] {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  server.addHook("onRoute", ({ url, method }) => {
    const pattern = new RegExp(`^${url.replaceAll(".", "\\.").replace(/:\w+/g, "[^/]+")}$`);
    routes.push({ pattern, methods: [method].flat() });
  });
  return (path) => [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
}
