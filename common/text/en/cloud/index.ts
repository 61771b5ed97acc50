import { accessPoints } from "./access-points.ts";
import { hops } from "./hops.ts";
import { server } from "./server.ts";
import { sessions } from "./sessions.ts";
import { signIn } from "./sign-in.ts";
import { storage } from "./storage.ts";

/** Messages of the cloud instance, by the key that it sends with a failure. */
export const cloud = { ...signIn, ...sessions, ...accessPoints, ...server, ...storage, ...hops };
