/** What the shell says outside the window: tray, menus, notifications, questions. */
export const words = {
  app: "SAG",
  open: "Open SAG",
  quit: "Quit",
  connect: "Connect",
  disconnect: "Disconnect",
  cancel: "Cancel",
  signIn: "Sign in…",
  networks: "Networks",
  addNetwork: "Add a network…",
  settings: "Settings…",
  noNetwork: "No network yet",
  lockdown: "Lockdown: nothing leaves but the tunnel",

  phases: {
    signed_out: "Signed out",
    signing_in: "Signing in",
    disconnected: "Disconnected",
    connecting: "Connecting",
    connected: "Connected",
    reconnecting: "Reconnecting",
    disconnecting: "Disconnecting",
    failed: "Not connected",
  },

  lost: (name: string) => `Not connected to ${name} any more`,
  ended: (name: string) => `Your session with ${name} was ended`,
  expires: (name: string) => `Your sign-in to ${name} ends soon`,
  message: (name: string) => `Message from the administrator of ${name}`,
  staysTitle: "You stay connected",
  staysText: "The window is closed, the tunnel is not. SAG is in the tray.",

  quitQuestion: (names: string) => `You are connected to ${names}`,
  quitDetail:
    "Quit and end the connection, or quit and leave it up? The sag command ends it later, or this app when it is opened again.",
  quitEnd: "Disconnect and quit",
  quitStay: "Quit and stay connected",
};
