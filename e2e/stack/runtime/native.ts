import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RunFolder } from "../runFolder.ts";
import { ManagedProcess } from "./managedProcess.ts";
import { findProgram } from "./programs.ts";
import type { ExecResult, Program, RunningProgram, Runtime, ServerSpec } from "./runtime.ts";

const HOST = "127.0.0.1";
const EXEC_TIMEOUT_MS = 30_000;

/** Servers as processes of this machine, from whatever is installed. */
export function nativeRuntime(): Runtime {
  return { name: "native", hostAddress: HOST, knows, start: startNative };
}

async function knows(program: Program, flag: string): Promise<boolean> {
  const { stdout, stderr } = await promisify(execFile)(findProgram(program), ["--help"]);
  return `${stdout}${stderr}`.includes(flag);
}

async function startNative(spec: ServerSpec, folder: RunFolder): Promise<RunningProgram> {
  const place = {
    configDir: folder.data(`${spec.program}/config`),
    dataDir: folder.data(`${spec.program}/data`),
    host: HOST,
    port: spec.port,
  };
  const server = new NativeProgram(
    {
      name: spec.program,
      host: HOST,
      port: spec.port,
      command: findProgram(spec.program),
      args: spec.args(place),
      env: process.env,
      cwd: place.dataDir,
      ready: () => spec.ready(),
    },
    folder,
    place.configDir,
  );
  for (const [file, content] of Object.entries(spec.files(place))) await server.write(file, content);
  await server.start();
  return server;
}

class NativeProgram extends ManagedProcess implements RunningProgram {
  readonly #configDir: string;

  constructor(spec: ConstructorParameters<typeof ManagedProcess>[0], folder: RunFolder, configDir: string) {
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
