const saveAsCsv = "Save the table as CSV in the spreadsheet program, and import that file.";

/** What sagctl itself refuses or fails at; the server's failures come with words of their own. */
export const errors = {
  arguments: {
    anyAccessPoint: "Name access points, or say that any one will do, not both.",
    number: (value: string) => `${value} is not a whole number.`,
    duration: (value: string) => `${value} is not a duration such as 90s, 15m, 12h or 7d.`,
    onOff: (value: string) => `${value} is neither on nor off.`,
    requiredOrOptional: (value: string) => `${value} is neither required nor optional.`,
    noPassword: "There is no password on standard input.",
    where: "Say where: --data DIR, or --server URL --access-key-id ID.",
    data: "Say where: --data DIR.",
    pinsOrNot: "Give --pins or --no-pins, not both.",
    policyChange: "Say what to set, for example --full-tunnel on; --help lists the options.",
    accountChange: "Say what to change: --bandwidth, --mail or --client-ip.",
  },
  connection: {
    notRunning: (directory: string) => `No server (sag-cloud) is running on ${directory}.`,
    othersDirectory: (directory: string) => `${directory} belongs to another user.`,
    wentAway: "The server (sag-cloud) stopped before it answered.",
  },
  remote: {
    refused: (message: string, code: string) => `${message} (${code})`,
    noKeychain:
      "The secret cannot be saved: there is no keychain, or it is locked. Leave --remember out, or give the secret with --secret-stdin.",
    noTerminal: "There is no terminal to ask for the secret. Give it with --secret-stdin.",
    notAdminApi: (host: string) => `${host} is not an admin API.`,
    noAnswer: (seconds: number) => `no answer within ${seconds} s`,
    untrusted: (host: string) => `The certificate of ${host} is not trusted. Give its certificate authority with --ca.`,
    unreachable: (host: string, reason: string) => `${host} cannot be reached: ${reason}.`,
  },
  csv: {
    columnMissing: (name: string, shown: string) =>
      `The first line must name the columns; "${name}" is missing in "${shown}".`,
    tooManyCells: (line: number, cells: number, columns: number, first: string) =>
      `line ${line} has ${cells} cells, the first line names ${columns} columns (column ${columns + 1}: "${first}").`,
    workbook: `This is an Excel or OpenDocument workbook, not CSV. ${saveAsCsv}`,
    oldWorkbook: `This is an old Excel workbook, not CSV. ${saveAsCsv}`,
    pdf: `This is a PDF, not CSV. ${saveAsCsv}`,
    noText: `This is not a text file. ${saveAsCsv}`,
    unreadable: (line: string, column: number | undefined, reason: string) =>
      `line ${line}${column === undefined ? "" : `, column ${column}`}: ${reason}.`,
    bandwidth: (line: number, text: string) =>
      `line ${line}, column bandwidth: "${text}" is not a whole number of Kbit/s.`,
    more: (count: number) => `${count} more lines are wrong.`,
  },
  files: {
    notFound: (file: string) => `The file ${file} does not exist.`,
    exists: (file: string) => `${file} exists already; nothing was changed.`,
    noFolder: (file: string) => `There is no folder for ${file}.`,
    tilde: (file: string) =>
      `${file} begins with ~, which the shell replaces only at the beginning of a word. Put a space before it, or use "$HOME".`,
    directory: (file: string) => `${file} is a directory.`,
    notReadable: (file: string) => `This user may not read the file ${file}.`,
    noServerData: (directory: string) => `There is no data of a server in ${directory}.`,
    tooManyAccounts: (count: number, most: number) =>
      `The file has ${count} accounts; at most ${most} can be imported at once. Split it.`,
  },
  instanceExists: (name: string, id: string) =>
    `An instance called ${name} already exists (${id}). Choose another name.`,
};
