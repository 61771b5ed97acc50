/** What administrators do about a cause, where that is something else than what a person at a client does. */
export const actions = {
  data_directory_in_use: "Stop the other process, or choose another --data.",
  storage_readonly: "Allow this user to write to the directory, or choose another --data.",
  storage_damaged: "Restore a backup: sagctl restore BACKUP --data DIR",
  storage_full: "Free some space on that disk.",
  port_in_use: "Choose another port, or stop the program that uses it.",
  not_permitted: "Run the command as a user who has this permission.",
  not_a_real_path: "Give a directory with --data.",
  service_not_running: "Start the server: sag-cloud serve --data DIR --listen HOST:PORT",
  invalid_argument: "Correct it and try again. --help lists the arguments.",
  not_found: "The list command of that object shows what exists.",
  already_exists: "Choose another name, or change the existing one.",
  address_in_use: "Choose another address.",
  protocol_too_old: "Use the same version of sagctl and sag-cloud.",
  unknown: "See the log of sag-cloud.",
};
