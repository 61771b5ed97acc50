import { texts } from "../../../common/text/window.ts";
import type { IntranetState } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { Button } from "../../components/button.tsx";
import "./notice.css";

/** The administrator's message. */
export const Notice = ({ state, text }: { state: IntranetState; text: string }) => (
  <section className="notice" aria-label={texts.window.main.notice(state.displayName)}>
    <p className="small quiet foreign">{texts.window.main.notice(state.displayName)}</p>
    <p className="notice-text foreign selectable">{text}</p>
    <Button look="quiet" onPress={() => bridge.call("dismissNotice", { intranetId: state.intranetId })}>
      {texts.window.main.dismiss}
    </Button>
  </section>
);
