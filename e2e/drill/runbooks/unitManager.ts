import { chmod, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Stoppable } from "../faults/index.ts";

const SYSTEMCTL = `#!/bin/sh
# Replaces systemctl: the drill is the service manager.
verb="$1"
shift
[ "$1" != --no-pager ] || shift
status=0
for unit in "$@"; do
  curl --silent --show-error --fail --max-time 60 --request POST --unix-socket "$UNIT_SOCKET" "http://units/$unit/$verb" || status=1
done
exit $status
`;

const JOURNALCTL = `#!/bin/sh
# Replaces journalctl: the journal of a unit is its output.
lines=10 units=
while [ $# -gt 0 ]; do
  case "$1" in
    --no-pager) ;;
    --unit) shift; units="$units $1" ;;
    --lines) shift; lines="$1" ;;
    *) echo "journalctl: unrecognized option '$1'" >&2; exit 1 ;;
  esac
  shift
done
for unit in $units; do
  curl --silent --fail --request POST --unix-socket "$UNIT_SOCKET" "http://units/$unit/journal" || echo "-- No entries --"
done | tail -n "$lines"
`;

/** A program, as a service manager knows it. */
export type Unit = Stoppable & {
  /** Undefined while it does not run, or where it runs in a container. */
  readonly pid?: number | undefined;
  /** Its output, over all its starts. */
  readonly logFile: string;
  /** Makes it read its configuration again, if it can. */
  reload?(): Promise<void>;
};

/** A service manager for the drill: a `systemctl` and a `journalctl` on the PATH of the runbooks. */
export type UnitManager = AsyncDisposable & {
  /** Folder of the commands. */
  readonly bin: string;
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * Starts it.
 *
 * @param folder for the commands and the socket
 * @param units by their names
 */
export async function startUnitManager(folder: string, units: Readonly<Record<string, Unit>>): Promise<UnitManager> {
  const socket = join(folder, "units.sock");
  for (const [name, text] of Object.entries({ systemctl: SYSTEMCTL, journalctl: JOURNALCTL })) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), 0o755);
  }
  const server = createServer((request, response) => {
    const [, name = "", verb = ""] = (request.url ?? "").split("/");
    const unit = units[name];
    const act = unit === undefined ? undefined : verbsOf(name, unit)[verb];
    if (act === undefined) response.writeHead(404).end();
    else {
      act().then(
        (text) => response.writeHead(200).end(typeof text === "string" ? text : ""),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    }
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(socket, resolve);
  await promise;
  return {
    bin: folder,
    environment: { UNIT_SOCKET: socket },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function verbsOf(name: string, unit: Unit): Readonly<Record<string, () => Promise<unknown>>> {
  return {
    start: () => unit.start(),
    stop: () => unit.stop(),
    restart: async () => {
      await unit.stop();
      await unit.start();
    },
    ...(unit.reload && { reload: unit.reload }),
    status: async () =>
      `${name}.service\n  Active: ${unit.pid === undefined ? "inactive (dead)" : `active (running)\n  Main PID: ${unit.pid}`}\n`,
    journal: () => readFile(unit.logFile, "utf8"),
  };
}
