import { createServer } from "node:http";

/** A service of another project: it sells something a hundred times a second, and counts failed orders. */
let broken = false;
let failed = 0;
setInterval(() => {
  if (broken) failed += 1;
}, 10);

createServer(({ url = "", method }, response) => {
  if (method === "POST" && url === "/break") broken = true;
  else if (method === "POST" && url === "/repair") broken = false;
  else if (url !== "/metrics") response.statusCode = 404;
  response.setHeader("content-type", "text/plain; version=0.0.4");
  response.end(
    url === "/metrics" ? `# TYPE shop_orders_failed_total counter\nshop_orders_failed_total ${failed}\n` : "",
  );
}).listen(Number(process.argv[2]), "127.0.0.1");
