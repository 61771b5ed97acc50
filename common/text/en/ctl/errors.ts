const saveAsCsv = "Save the table as CSV in the spreadsheet program, and import that file.";

/** Refusals and failures of sagctl itself; those of the server are in the catalogue of the cloud. */
export const errors = {
  arguments: {
    anyAccessPoint: "Name access points, or say that any one will do, not both.",
    number: (value: string) => `${value} is not a whole number.`,
    duration: (value: string) => `${value} is not a duration such as 90s, 15m, 12h or 7d.`,
    onOff: (value: string) => `${value} is neither on nor off.`,
    requiredOrOptional: (value: string) => `${value} is neither required nor optional.`,
    noPassword: "There is no password on standard input.",
    where: "Specify --data DIR, or --server URL with --access-key-id ID.",
    data: "Specify --data DIR.",
    pinsOrNot: "Give --pins or --no-pins, not both.",
    policyChange: "Specify what to change, for example --full-tunnel on.",
    accountChange: "Specify what to change: --bandwidth, --mail or --client-ip.",
  },
  connection: {
    notRunning: (directory: string) => `No server (sag-cloud) is running on ${directory}.`,
    start: (directory: string) => `Start the server: sag-cloud serve --data ${directory} --listen HOST:PORT`,
    noDirectory: (directory: string) => `The directory ${directory} does not exist.`,
    notDirectory: (path: string) => `${path} is not a directory.`,
    chooseDirectory: "Specify the server's data directory with --data.",
    othersDirectory: (directory: string) => `${directory} belongs to another user.`,
    wentAway: "The server (sag-cloud) stopped before it answered.",
  },
  remote: {
    noKeychain:
      "The secret cannot be saved: there is no keychain, or it is locked. Leave --remember out, or give the secret with --secret-stdin.",
    noTerminal: "There is no terminal to ask for the secret. Give it with --secret-stdin.",
    notAdminApi: (host: string) => `${host} is not an admin API.`,
    noAnswer: (seconds: number) => `no answer within ${seconds} s`,
    untrusted: (host: string) => `The certificate of ${host} is not trusted. Give its certificate authority with --ca.`,
    unreachable: (host: string, reason: string) => `${host} cannot be reached: ${reason}.`,
    proxyGaveUp: (status: number) => `a proxy before it answered with ${status}`,
    unanswered: (host: string, reason: string) =>
      `${host} has received the request, but has not answered yet (${reason}). The request may still be carried out.`,
  },
  csv: {
    columnMissing: (name: string, shown: string) =>
      `The first line must name the columns; "${name}" is missing in "${shown}".`,
    tooManyCells: (line: number, cells: number, columns: number, last: string) =>
      `line ${line} has ${cells} cells, the first line names ${columns} columns (the last cell: "${last}").`,
    empty: "The file is empty.",
    noAccounts: "The file contains no accounts.",
    unknownColumns: (names: readonly string[], known: readonly string[]) =>
      `Unknown column${names.length === 1 ? "" : "s"}: ${names.map((name) => `"${name}"`).join(", ")}. Possible columns: ${known.join(", ")}.`,
    columnTwice: (name: string) => `The column ${name} is named twice.`,
    nul: (line: number) => `line ${line}: there is a NUL character, so this is not a text file.`,
    workbook: `This is an Excel or OpenDocument workbook, not CSV. ${saveAsCsv}`,
    oldWorkbook: `This is an old Excel workbook, not CSV. ${saveAsCsv}`,
    pdf: `This is a PDF, not CSV. ${saveAsCsv}`,
    noText: `This is not a text file. ${saveAsCsv}`,
    quoteOpen: (line: number) => `line ${line}: a quotation mark is not closed.`,
    quoteInside: (line: number) =>
      `line ${line}: there is a quotation mark in a cell that does not begin with one. Put the cell into quotation marks and double those inside.`,
    textAfterQuote: (line: number) =>
      `line ${line}: there is text after a closing quotation mark. Double the quotation marks inside a cell.`,
    unreadable: (line: number) => `line ${line} cannot be read as CSV.`,
    userMissing: (line: number) => `line ${line}: the user name is missing.`,
    mailMissing: (line: number) => `line ${line}: the mail address is missing.`,
    sameUser: (line: number, first: number) => `line ${line}: the same user name as in line ${first}.`,
    refused: (line: number, reason: string) => `line ${line}: ${reason}`,
    bandwidth: (line: number, text: string) =>
      `line ${line}, column bandwidth: "${text}" is not a whole number of Kbit/s.`,
    more: (count: number) => (count === 1 ? "1 more line is wrong." : `${count} more lines are wrong.`),
  },
  files: {
    notFound: (file: string) => `The file ${file} does not exist.`,
    exists: (file: string) => `The file ${file} already exists; nothing was changed.`,
    chooseFile: "Choose another file.",
    noFolder: (file: string) => `There is no folder for ${file}.`,
    tilde: (file: string) =>
      `${file} begins with ~, which the shell replaces only at the beginning of a word. Put a space before it, or use "$HOME".`,
    directory: (file: string) => `${file} is a directory.`,
    notReadable: (file: string) => `This user may not read the file ${file}.`,
    noServerData: (directory: string) => `There is no data of a server in ${directory}.`,
    tooManyAccounts: (most: number) =>
      `The file has more than ${most} accounts, which is the most that can be imported at once. Split it.`,
    tooLarge: (megabytes: number, most: number) =>
      `The file is larger than ${megabytes} MB. At most ${most} accounts can be imported at once; split the file.`,
  },
  instanceExists: (name: string, id: string) =>
    `An instance called ${name} already exists (${id}). Choose another name.`,
};
