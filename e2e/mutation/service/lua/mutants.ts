import luaparse, { type Expression, type Node, type Statement } from "luaparse";
import {
  ARITHMETIC_SWAPS,
  COMMAND_SWAPS,
  COMPARISON_SWAPS,
  FLAG_OPTIONS,
  FUNCTION_SWAPS,
  PAIRS_FROM,
  VALUE_OPTIONS,
} from "./operators.ts";

/** A Lua script with one mistake in it. */
export type LuaMutant = {
  /** File name of the script without `.lua`. */
  readonly script: string;
  readonly line: number;
  /** Kind of the mistake. */
  readonly operator: string;
  /** The change: before -> after. */
  readonly change: string;
  /** The whole changed script. */
  readonly source: string;
};

type Range = readonly [from: number, to: number];
type CallExpression = Extract<Node, { type: "CallExpression" }>;

/**
 * Every single mistake that the operators make in a script.
 *
 * @param script file name without `.lua`
 * @throws SyntaxError if the source is not Lua 5.1
 */
export function luaMutants(script: string, source: string): LuaMutant[] {
  const found = new Map<string, LuaMutant>();
  const add = (operator: string, [from, to]: Range, replacement: string) => {
    const mutated = source.slice(0, from) + replacement + source.slice(to);
    if (mutated === source || found.has(mutated)) return;
    const line = source.slice(0, from).split("\n").length;
    const change = `${oneLine(source.slice(from, to))} -> ${oneLine(replacement) || "(nothing)"}`;
    found.set(mutated, { script, line, operator, change, source: mutated });
  };
  ofFlags(source, add);
  const chunk = luaparse.parse(source, { luaVersion: "5.1", ranges: true, comments: false });
  const mutator = new Mutator(source, add);
  for (const statement of chunk.body) mutator.visit(statement);
  return [...found.values()].sort((a, b) => a.line - b.line);
}

type Add = (operator: string, range: Range, replacement: string) => void;

/** The flags of a script, in its first line: writing over the memory limit, or reading only. */
function ofFlags(source: string, add: Add): void {
  const end = source.indexOf("\n");
  const shebang = source.slice(0, end);
  const flags = /flags=(\S+)/.exec(shebang)?.[1]?.split(",") ?? [];
  for (const flag of flags) {
    const rest = flags.filter((each) => each !== flag);
    add("flag dropped", [0, end], rest.length === 0 ? "#!lua" : `#!lua flags=${rest.join(",")}`);
  }
  for (const flag of ["allow-oom", "no-writes"].filter((each) => !flags.includes(each))) {
    add("flag added", [0, end], `#!lua flags=${[...flags, flag].join(",")}`);
  }
}

class Mutator {
  readonly #source: string;
  readonly #add: Add;

  constructor(source: string, add: Add) {
    this.#source = source;
    this.#add = add;
  }

  visit(node: Node): void {
    const add = this.#add;
    const range = rangeOf(node);
    switch (node.type) {
      case "CallStatement":
        add("call dropped", range, "");
        break;
      case "AssignmentStatement":
        add("assignment dropped", range, "");
        break;
      case "BreakStatement":
        add("break dropped", range, "");
        break;
      case "IfStatement":
        for (const clause of node.clauses) {
          if (clause.type === "ElseClause") this.#dropBody("else dropped", clause.body);
          else this.#condition(clause.condition);
        }
        break;
      case "WhileStatement":
      case "RepeatStatement":
        this.#condition(node.condition);
        break;
      case "BinaryExpression":
        for (const other of COMPARISON_SWAPS[node.operator] ?? []) {
          this.#operator("comparison", node.left, node.right, node.operator, other);
        }
        this.#arithmetic(node.left, node.right, node.operator);
        break;
      case "LogicalExpression":
        this.#operator("logic", node.left, node.right, node.operator, node.operator === "and" ? "or" : "and");
        this.#dropRight(node.left, node.right, node.operator);
        break;
      case "UnaryExpression":
        if (node.operator === "not" || node.operator === "-")
          add(`${node.operator} dropped`, range, this.#text(node.argument));
        break;
      case "NumericLiteral":
        add("number", range, String(node.value + 1));
        break;
      case "StringLiteral":
        if (node.raw.length > 2) add("text emptied", range, "''");
        else add("text added", range, "'x'");
        break;
      case "BooleanLiteral":
        add("boolean", range, String(!node.value));
        break;
      case "ReturnStatement":
        if (node.arguments.length > 0 && node.arguments[0]?.type !== "NilLiteral")
          add("result dropped", range, "return nil");
        break;
      case "IndexExpression":
        this.#index(node.base, node.index);
        break;
      case "TableConstructorExpression":
        this.#fields(node.fields);
        break;
      case "CallExpression":
        this.#call(node);
        break;
    }
    const children = childrenOf(node);
    // A command without its name is always an error: such a mutant would prove nothing.
    for (const child of children) if (!(isCommand(node) && child === node.arguments[0])) this.visit(child);
  }

  #condition(condition: Expression): void {
    // A comparison for equality already has its negation as a mutant.
    if (condition.type === "BinaryExpression" && ["==", "~="].includes(condition.operator)) return;
    this.#add("condition negated", rangeOf(condition), `not (${this.#text(condition)})`);
  }

  #dropBody(operator: string, body: readonly Statement[]): void {
    const first = body[0];
    const last = body.at(-1);
    if (first !== undefined && last !== undefined) this.#add(operator, [rangeOf(first)[0], endOf(last)], "");
  }

  /** Replaces the operator that stands between two operands. */
  #operator(kind: string, left: Expression, right: Expression, from: string, to: string): void {
    const gap = this.#source.slice(endOf(left), rangeOf(right)[0]);
    const at = endOf(left) + gap.indexOf(from);
    this.#add(kind, [at, at + from.length], to);
  }

  /** Adding or subtracting a literal number. The number has mutants of its own. */
  #arithmetic(left: Expression, right: Expression, operator: string): void {
    const other = ARITHMETIC_SWAPS[operator];
    const isNumber = left.type === "NumericLiteral" || right.type === "NumericLiteral";
    if (other === undefined || (isNumber && (operator === "+" || operator === "-"))) return;
    this.#operator("arithmetic", left, right, operator, other);
  }

  /** Keeps only the left operand. */
  #dropRight(left: Expression, right: Expression, operator: string): void {
    const gap = this.#source.slice(endOf(left), rangeOf(right)[0]);
    const from = endOf(left) + gap.indexOf(operator);
    // Positions of operands exclude the parentheses around them.
    let open = gap.slice(gap.indexOf(operator)).split("(").length - 1;
    let to = endOf(right);
    for (; open > 0; to++) if (this.#source[to] === ")") open--;
    this.#add("operand dropped", [from, to], "");
  }

  /** Another key or argument. A literal number has mutants of its own. */
  #index(base: Expression, index: Expression): void {
    if (base.type !== "Identifier" || (base.name !== "KEYS" && base.name !== "ARGV")) return;
    const text = this.#text(index);
    if (!/\d/.test(text)) this.#add("index", rangeOf(index), `${text} + 1`);
  }

  #fields(fields: readonly Node[]): void {
    for (const [at, field] of fields.entries()) {
      const next = fields[at + 1];
      const before = fields[at - 1];
      if (next !== undefined) this.#add("field dropped", [rangeOf(field)[0], rangeOf(next)[0]], "");
      else if (before !== undefined) this.#add("field dropped", [endOf(before), endOf(field)], "");
    }
  }

  #call(node: CallExpression): void {
    const name = nameOf(node);
    const other = FUNCTION_SWAPS[name];
    if (other !== undefined) this.#add("function", rangeOf(node.base), other);
    if (name === "tonumber" && node.arguments[0] !== undefined) {
      this.#add("tonumber dropped", rangeOf(node), this.#text(node.arguments[0]));
    }
    if (!isCommand(node)) return;
    if (name === "redis.pcall") this.#add("pcall", rangeOf(node.base), "redis.call");
    this.#command(node.arguments);
  }

  #command(args: readonly Expression[]): void {
    const [first, ...rest] = args;
    if (first?.type !== "StringLiteral") return;
    const command = unquoted(first.raw);
    for (const other of COMMAND_SWAPS[command] ?? []) this.#add("command", rangeOf(first), `'${other}'`);
    const pairsFrom = PAIRS_FROM[command];
    for (const [at, arg] of rest.entries()) {
      const option = arg.type === "StringLiteral" ? unquoted(arg.raw) : "";
      const values = FLAG_OPTIONS.has(option) ? 0 : VALUE_OPTIONS[option];
      if (values !== undefined) this.#dropArguments("option dropped", args, at + 1, values + 1);
      // Argument `at + 1`; pairs begin at an even distance from the first.
      else if (
        pairsFrom !== undefined &&
        at + 1 >= pairsFrom &&
        (at + 1 - pairsFrom) % 2 === 0 &&
        args.length > pairsFrom + 2
      ) {
        this.#dropArguments("pair dropped", args, at + 1, 2);
      }
    }
  }

  #dropArguments(operator: string, args: readonly Expression[], from: number, count: number): void {
    const before = args[from - 1];
    const last = args[from + count - 1];
    if (before !== undefined && last !== undefined) this.#add(operator, [endOf(before), endOf(last)], "");
  }

  #text(node: Node): string {
    const [from, to] = rangeOf(node);
    return this.#source.slice(from, to);
  }
}

function nameOf({ base }: CallExpression): string {
  if (base.type === "Identifier") return base.name;
  return base.type === "MemberExpression" && base.base.type === "Identifier"
    ? `${base.base.name}.${base.identifier.name}`
    : "";
}

function isCommand(node: Node): node is CallExpression {
  return node.type === "CallExpression" && ["redis.call", "redis.pcall"].includes(nameOf(node));
}

function rangeOf(node: Node): Range {
  const { range } = node as { range?: Range };
  if (range === undefined) throw new RangeError(`${node.type} has no position`);
  return range;
}

function endOf(node: Node): number {
  return rangeOf(node)[1];
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flatMap((value) => (Array.isArray(value) ? value : [value]).filter(isNode));
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

function unquoted(raw: string): string {
  return raw.slice(1, -1);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
