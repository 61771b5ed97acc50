import { texts } from "../../common/text/shell.ts";

/** The question before quitting while connected. The buttons: disconnect, stay connected, do not quit. */
export const quitQuestion = (names: string) => ({
  type: "question" as const,
  message: texts.shell.quit.question(names),
  detail: texts.shell.quit.detail,
  buttons: [texts.shell.quit.end, texts.shell.quit.stay, texts.actions.cancel],
  defaultId: 0,
  cancelId: 2,
  noLink: true,
});
