import { join } from "node:path";

/** Where the installed service and the enrolled machine's dial-up have what is theirs. `root`: "" or the folder of an image. */
export const layout = (root: string) => {
  const at = (path: string): string => join(root, "/", path);
  return {
    library: at("usr/lib/sag"),
    binary: at("usr/lib/sag/sag-tunnel"),
    /** The command line and its Node, for the dial-up. */
    program: at("usr/lib/sag/cli"),
    units: at("etc/systemd/system"),
    /** sag-tunnel's. */
    tunnelState: at("var/lib/sag-tunnel"),
    tunnelRun: at("run/sag-tunnel"),
    /** The dial-up's: settings, and the refresh token in a file of mode 0600. */
    dialState: at("var/lib/sag"),
  };
};

export type Layout = ReturnType<typeof layout>;

export const tunnelUnit = "sag-tunnel.service";
export const lockdownUnit = "sag-lockdown.service";
export const dialUnit = "sag-dial.service";

/** The environment of the dial-up; the unit says the same. */
export const dialEnvironment = (state: string): Record<string, string> => ({
  HOME: state,
  XDG_CONFIG_HOME: join(state, "config"),
  XDG_STATE_HOME: join(state, "state"),
});

/** What the dial-up came to last, as JSON. */
export const outcomeFile = (state: string): string => join(state, "outcome.json");
