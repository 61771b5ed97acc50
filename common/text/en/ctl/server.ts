/** The command line of sag-cloud itself. */
export const server = {
  program: "The server that clients sign in and connect to.",
  serve: {
    what: "run the server",
    data: "data directory; created if missing",
    listen: "where clients and access points connect; port 0 = any",
    tlsCert: "certificate chain (PEM) instead of a self-signed certificate",
    tlsKey: "its key (PEM)",
    tlsNextKey: "the key (PEM) of the next certificate, announced to clients before it is used",
    publicUrl: "where clients reach this server, if by another name or port; remembered",
    adminListen: "serve the admin API at this address, not at --listen",
    trustedProxy: "reverse proxy whose X-Forwarded-For header is trusted; may be repeated",
    acceptIncomplete: "start even if part of the database is missing",
    logFile: "log to this file instead of standard error",
    logSize: "rotate the log file at this size in MB (default: 10)",
    logKeep: "how many rotated log files to keep (default: 5)",
    json: "print the ready line and failures as JSON on stdout",
    ready: (url: string, pin: string, pid: number) => `sag-cloud is ready at ${url} (pin ${pin}, pid ${pid})`,
  },
  migrate: {
    what: "migrate the database in the data directory to this version",
    data: "data directory",
    json: "print JSON on stdout",
    upToDate: "The database is up to date.",
    applied: (names: string) => `Applied: ${names}.`,
  },
};
