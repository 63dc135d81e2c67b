import { execFile } from "node:child_process";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Certificates of an authority, a server and a client, as files and as text. */
export type Certificates = AsyncDisposable & {
  readonly folder: string;
  path(name: "ca.crt" | "server.crt" | "server.key" | "client.crt" | "client.key"): string;
  read(name: "ca.crt" | "client.crt" | "client.key"): Promise<string>;
};

/** Creates certificates with openssl. @param subjectAltName such as `IP:127.0.0.1,DNS:redis.example` */
export async function makeCertificates(subjectAltName: string): Promise<Certificates> {
  const folder = await mkdtempDisposable(join(tmpdir(), "certificates-"));
  const path = (name: string) => join(folder.path, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const request = (name: string) => ["-subj", `/CN=${name}`, "-keyout", path(`${name}.key`)];
  await run("openssl", ["req", "-x509", ...key, ...request("ca"), "-out", path("ca.crt")]);
  await writeFile(path("server.ext"), `subjectAltName=${subjectAltName}\n`);
  await writeFile(path("client.ext"), "extendedKeyUsage=clientAuth\n");
  for (const name of ["server", "client"]) {
    await run("openssl", ["req", ...key, ...request(name), "-out", path(`${name}.csr`)]);
    const signed = ["-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "2"];
    const files = ["-in", path(`${name}.csr`), "-out", path(`${name}.crt`), "-extfile", path(`${name}.ext`)];
    await run("openssl", ["x509", "-req", ...files, ...signed]);
  }
  return {
    folder: folder.path,
    path,
    read: (name) => readFile(path(name), "utf8"),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
