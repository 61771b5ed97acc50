import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { domain, filePath, fileSize, portalText, uploadPath } from "./plan.ts";

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Portal</title>
<style>
  body { max-width: 34rem; margin: 18vh auto; padding: 0 1.5rem; font: 1.05rem/1.6 system-ui, sans-serif; color: #1f2933; background: #fafaf8; }
  h1 { font-weight: 500; font-size: 1.6rem; }
  a { color: #2b5f8a; }
  @media (prefers-color-scheme: dark) { body { color: #dfe3e6; background: #16191c; } a { color: #8fbde0; } }
</style>
<h1>${portalText}</h1>
<p>This page is served at portal.${domain}. Your computer has no other route to it, so it was loaded through the tunnel.</p>
<p><a href="${filePath}">A file of 64 MB</a> is available too.</p>
</html>
`;

/** Size of a write, bytes. */
const block = randomBytes(1024 * 1024);

/** The web portal: a page, a file of 64 MB, and an upload that counts the received bytes. */
export const createPortal = (): Server =>
  createServer((request, response) => {
    if (request.url === "/" && request.method === "GET") sendPage(response);
    else if (request.url === filePath) sendFile(response);
    else if (request.url === uploadPath) void swallow(request, response);
    else response.writeHead(404, { "content-type": "text/plain" }).end("there is no such page here\n");
  });

const sendPage = (response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" }).end(page);
};

const sendFile = (response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": fileSize });
  let left = fileSize;
  const more = (): void => {
    while (left > 0) {
      left -= block.length;
      if (!response.write(block)) return void response.once("drain", more);
    }
    response.end();
  };
  more();
};

const swallow = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  let bytes = 0;
  try {
    for await (const chunk of request) bytes += chunk.length;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ bytes }));
  } catch {
    // The uploading client has disconnected.
    response.destroy();
  }
};
