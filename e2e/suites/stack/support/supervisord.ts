import { type ExecFileOptions, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TestFolder } from "../../../testkit/process/folder.ts";
import { reapAtEnd } from "../../../testkit/process/reaper.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
/** Where the service is installed, as the file and the commands for supervisor have it. */
const INSTALLED = "/opt/mcp-orchestrator";
/** Shorter than in production, where a stop that hangs has 20 s. */
const STOP_WAIT_SECONDS = 3;
const COMMAND_TIMEOUT_MS = 60_000;

/** A real supervisord with the program of deploy/supervisor, which it starts. */
export type Supervisord = AsyncDisposable & {
  /** Runs a text of a runbook, with the folder of this service, and returns both outputs. */
  run(text: string, environment: Readonly<Record<string, string>>): Promise<string>;
  /** The state and the process id of the program. */
  status(): Promise<{ readonly state: string; readonly pid: number | undefined }>;
  ctl(...args: readonly string[]): Promise<string>;
};

/** Starts it as the user of this process. @param settings of the service, besides those of the file */
export async function startSupervisord(settings: Readonly<Record<string, string>>): Promise<Supervisord> {
  const parts = new AsyncDisposableStack();
  const files = parts.use(new TestFolder("supervisor"));
  const folder = files.path;
  const home = files.data("installed");
  mkdirSync(join(home, "logs"));
  for (const part of ["node_modules", "orchestrator"]) symlinkSync(join(ROOT, part), join(home, part));
  const here = (text: string) => text.replaceAll(INSTALLED, home);
  writeFileSync(join(folder, "program.conf"), programFor(here, folder, settings));
  writeFileSync(join(folder, "supervisord.conf"), SUPERVISORD_CONF);
  const daemon = spawn("supervisord", ["--nodaemon"], { cwd: folder, stdio: "ignore", detached: true });
  await once(daemon, "spawn");
  const ended = once(daemon, "exit");
  const release = daemon.pid === undefined ? () => {} : reapAtEnd({ daemon: daemon.pid });
  parts.defer(async () => {
    // It stops the service.
    daemon.kill("SIGTERM");
    await ended;
    release();
  });
  const ctl = (...args: readonly string[]) => outputOf("supervisorctl", args, { cwd: folder });
  return {
    run: (text, environment) => {
      const options = { cwd: folder, env: { PATH: process.env.PATH, ...environment }, timeout: COMMAND_TIMEOUT_MS };
      return outputOf("bash", ["--norc", "-c", `exec 2>&1\n${here(text)}`], options);
    },
    ctl,
    status: async () => {
      const [, state = "", pid] = /^mcp-orchestrator\s+(\S+)(?:\s+pid (\d+))?/.exec(await ctl("status")) ?? [];
      return { state, pid: pid === undefined ? undefined : Number(pid) };
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** The output of a command, whatever its exit code: that of `status` says whether the program runs. */
async function outputOf(command: string, args: readonly string[], options: ExecFileOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(command, args, options, (error, stdout) => {
    if (error !== null && typeof error.code !== "number") reject(error);
    else resolve(String(stdout));
  });
  return promise;
}

const SUPERVISORD_CONF = `[unix_http_server]
file=%(here)s/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisord]
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s
[supervisorctl]
serverurl=unix://%(here)s/supervisor.sock
[include]
files = program.conf
`;

/** The shipped file: with this user, these folders and settings, and little time for a stop that hangs. */
function programFor(
  here: (text: string) => string,
  folder: string,
  settings: Readonly<Record<string, string>>,
): string {
  const environment = Object.entries(settings).map(([name, value]) => `${name}="${value}"`);
  const shipped = readFileSync(join(ROOT, "deploy/supervisor/mcp-orchestrator.conf"), "utf8");
  return [
    [/^user=mcp$/m, `user=${userInfo().username}`],
    [/^stdout_logfile=\/var\/log\/supervisor\//m, `stdout_logfile=${folder}/`],
    [/^stopwaitsecs=20$/m, `stopwaitsecs=${STOP_WAIT_SECONDS}`],
    [/REDIS_URL="[^"]*"$/m, environment.join(",")],
  ].reduce((text, [line = "", own = ""]) => {
    if (!new RegExp(line).test(text)) throw new RangeError(`deploy/supervisor has no line ${line}`);
    return text.replace(line, String(own));
  }, here(shipped));
}
