import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestFolder } from "../process/folder.ts";
import { ManagedProcess, type ProcessSpec } from "../process/managedProcess.ts";
import { findProgram } from "../process/programs.ts";
import {
  type ExecResult,
  LOOPBACK,
  type Program,
  type RunningProgram,
  type Runtime,
  type ServerSpec,
} from "./runtime.ts";

const EXEC_TIMEOUT_MS = 30_000;

/** Servers as processes of this machine, from installed programs. */
export function nativeRuntime(): Runtime {
  return { name: "native", hostAddress: LOOPBACK, knows, start: (spec, folder) => startNative(spec, folder) };
}

async function knows(program: Program, flag: string): Promise<boolean> {
  const { stdout, stderr } = await promisify(execFile)(findProgram(program), ["--help"]);
  return `${stdout}${stderr}`.includes(flag);
}

export type NativeOptions = {
  /** Path of another release than the installed one. */
  readonly command?: string;
  /** Called with the data folder before the first start. */
  readonly prepare?: (dataDir: string) => Promise<void>;
};

/**
 * Starts a server as a process of this machine.
 *
 * @throws ServerStartError; ProgramMissingError
 */
export async function startNative(
  spec: ServerSpec,
  folder: TestFolder,
  { command = findProgram(spec.program), prepare }: NativeOptions = {},
): Promise<NativeProgram> {
  const place = {
    configDir: folder.data(`${spec.program}/config`),
    dataDir: folder.data(`${spec.program}/data`),
    host: LOOPBACK,
    port: spec.port,
  };
  const server = new NativeProgram(
    {
      name: spec.program,
      ...{ host: LOOPBACK, port: spec.port, command, args: spec.args(place), cwd: place.dataDir },
      env: process.env,
      ready: () => spec.ready(),
      ...(spec.intervalMs === undefined ? {} : { intervalMs: spec.intervalMs }),
    },
    folder,
    place.configDir,
  );
  for (const [file, content] of Object.entries(spec.files(place))) await server.write(file, content);
  await prepare?.(place.dataDir);
  await server.start();
  return server;
}

/** A third-party server as a process of this machine. */
export class NativeProgram extends ManagedProcess implements RunningProgram {
  readonly #configDir: string;

  constructor(spec: ProcessSpec, folder: TestFolder, configDir: string) {
    super(spec, folder);
    this.#configDir = configDir;
  }

  async write(file: string, content: string): Promise<void> {
    await writeFile(join(this.#configDir, file), content);
  }

  exec([command = "", ...args]: readonly string[]): Promise<ExecResult> {
    const options = { timeout: EXEC_TIMEOUT_MS, cwd: this.#configDir };
    return new Promise((resolve, reject) => {
      execFile(command, args, options, (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== "number") reject(error);
        else resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
      });
    });
  }
}
