import { buildApp } from "../../build/app.ts";

/** The specifications drive what is built: never something stale. */
export const setup = buildApp;
