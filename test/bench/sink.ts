import { createServer } from "node:http";

/** What the proxy bench fetches from and sends to: GET /N answers N bytes; a PUT is read to its end. Arguments: address, port. */
const [address = "", port = ""] = process.argv.slice(2);
const piece = Buffer.alloc(256 << 10);

createServer((request, response) => {
  if (request.method === "PUT") {
    request.resume().on("end", () => response.end("done"));
    return;
  }
  let left = Number(request.url?.slice(1));
  response.setHeader("Content-Length", left);
  const more = (): void => {
    while (left > 0) {
      const next = piece.subarray(0, Math.min(left, piece.length));
      left -= next.length;
      if (!response.write(next)) {
        response.once("drain", more);
        return;
      }
    }
    response.end();
  };
  more();
}).listen(Number(port), address, () => process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`));
