import { join } from "node:path";

/** The paths of the installed service and the dial-up. `root`: "" or the root directory of an image. */
export const layout = (root: string) => {
  const at = (path: string): string => join(root, "/", path);
  return {
    library: at("usr/lib/sag"),
    binary: at("usr/lib/sag/sag-tunnel"),
    /** The command line and its Node.js, for the dial-up. */
    program: at("usr/lib/sag/cli"),
    units: at("etc/systemd/system"),
    /** State of sag-tunnel. */
    tunnelState: at("var/lib/sag-tunnel"),
    tunnelRun: at("run/sag-tunnel"),
    /** State of the dial-up: settings, and the refresh token in a file of mode 0600. */
    dialState: at("var/lib/sag"),
  };
};

export type Layout = ReturnType<typeof layout>;

export const tunnelUnit = "sag-tunnel.service";
export const lockdownUnit = "sag-lockdown.service";
export const dialUnit = "sag-dial.service";

/** The environment of the dial-up; has to match the unit file. */
export const dialEnvironment = (state: string): Record<string, string> => ({
  HOME: state,
  XDG_CONFIG_HOME: join(state, "config"),
  XDG_STATE_HOME: join(state, "state"),
});

/** The last result of the dial-up, as JSON. */
export const outcomeFile = (state: string): string => join(state, "outcome.json");
