import { connectionScreens } from "./screens/connection.ts";
import type { Screen } from "./screens/screen.ts";
import { settingsScreens } from "./screens/settings.ts";
import { signInScreens } from "./screens/sign-in.ts";
import { systemModeScreens } from "./screens/system-mode.ts";

/** All screens of the window, ordered so that each can start from the previous one. */
export const screens: Screen[] = [...signInScreens, ...connectionScreens, ...systemModeScreens, ...settingsScreens];
