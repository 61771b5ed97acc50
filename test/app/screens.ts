import { connectionScreens } from "./screens/connection.ts";
import type { Screen } from "./screens/screen.ts";
import { settingsScreens } from "./screens/settings.ts";
import { signInScreens } from "./screens/sign-in.ts";
import { systemModeScreens } from "./screens/system-mode.ts";

/** Every screen of the window, in an order in which each can follow the one before. */
export const screens: Screen[] = [...signInScreens, ...connectionScreens, ...systemModeScreens, ...settingsScreens];
