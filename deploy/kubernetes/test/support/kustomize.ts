import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ToolMissingError } from "@mcp-orchestrator/alerts/tools";
import { loadAll } from "js-yaml";
import { resources } from "../../src/files.ts";

/** Where `scripts/debian/other-releases.sh` unpacks kubectl if the system has none. */
const UNPACKED = fileURLToPath(new URL("../../../../.cache/tools/kubectl/kubectl", import.meta.url));
/** `replacements` needs 4.2; Debian 12 has an older release. */
const OLDEST_MAJOR = 5;

/** An object as kustomize renders it. */
export type Rendered = {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
};

/**
 * Renders a folder with `kubectl kustomize`.
 *
 * @throws ToolMissingError; Error with kubectl's output
 */
export function kustomize(folder: string): Rendered[] {
  const { status, stdout, stderr } = spawnSync(kubectl(), ["kustomize", folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr}`);
  return loadAll(stdout) as Rendered[];
}

/** Checks an object by the schema of its kind, like the API server. */
export function validate(rendered: Rendered): void {
  const known = [...resources().values()].find(({ kind }) => kind === rendered.kind);
  if (known === undefined) throw new Error(`No schema of ${rendered.kind}`);
  const Kind = known.constructor as new (fields: unknown) => { validate(): void };
  new Kind(structuredClone(rendered)).validate();
}

/** The kubectl that is new enough. @throws ToolMissingError */
export function kubectl(): string {
  const found = [UNPACKED, "kubectl"].find((command) => {
    const { stdout } = spawnSync(command, ["version", "--client"], { encoding: "utf8" });
    return Number(/^Kustomize Version: v(\d+)/m.exec(stdout ?? "")?.[1] ?? 0) >= OLDEST_MAJOR;
  });
  if (found === undefined) throw new ToolMissingError("kubectl", `with kustomize ${OLDEST_MAJOR}`);
  return found;
}
