/**
 * The parts of the service's TypeScript that are not mutated, with the reason; nothing else is left out. It is a plugin
 * of Stryker, which calls it for every node of the syntax tree.
 */

type Node = { readonly type: string; readonly [field: string]: unknown };
type Path = { readonly node: Node; readonly parentPath: Path | null; readonly key?: string | number | null };

/** The reason for leaving something out. */
export const LEFT_OUT = {
  log: "Lines of the log. The fire drill runs the commands that search for them.",
  description:
    "The description of the API. Its linter reads it, and a test compares the operations in it with a table.",
} as const;

/** Names of the methods of a log. */
const LOG_METHODS = new Set(["debug", "info", "warn", "error", "fatal"]);
const LOGS = new Set(["log", "#log", "audit"]);
/** Properties that only readers of the API description or of `/metrics` see. */
const TEXT_PROPERTIES = new Set(["summary", "description", "help", "examples", "tags", "operationId", "response"]);
const TEXT_METHODS = new Set(["describe", "meta"]);

/** Why a node is left out with its content; undefined for one that is tried. */
export function reasonToLeaveOut(path: Path): string | undefined {
  const node = path.node.type === "ExpressionStatement" ? (path.node.expression as Node) : path.node;
  if (node.type === "CallExpression") {
    const [object, method] = calleeOf(node);
    if (LOGS.has(object) && LOG_METHODS.has(method)) return LEFT_OUT.log;
  }
  const parent = path.parentPath?.node;
  if (parent?.type === "CallExpression" && TEXT_METHODS.has(calleeOf(parent)[1]) && path.key !== "callee") {
    return LEFT_OUT.description;
  }
  if (node.type === "ObjectProperty" && TEXT_PROPERTIES.has(nameOf(node.key))) {
    return LEFT_OUT.description;
  }
  return undefined;
}

/** `log` and `warn` of `this.#log.warn(...)` or `log.warn(...)`. */
function calleeOf(call: Node): [object: string, method: string] {
  const callee = call.callee as Node;
  if (callee.type !== "MemberExpression") return ["", ""];
  const object = callee.object as Node;
  return [nameOf(object.type === "MemberExpression" ? object.property : object), nameOf(callee.property)];
}

function nameOf(node: unknown): string {
  const { type, name, value, id } = node as Node;
  if (type === "Identifier") return String(name);
  if (type === "PrivateName") return `#${nameOf(id)}`;
  return type === "StringLiteral" ? String(value) : "";
}

export const strykerPlugins = [{ kind: "Ignore", name: "left-out", value: { shouldIgnore: reasonToLeaveOut } }];
