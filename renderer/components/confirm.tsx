import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";
import { words } from "../i18n/en.ts";
import { Button } from "./button.tsx";
import "./confirm.css";

interface Props {
  /** Of the button that opens it; that has the focus again when it is closed. */
  label: string;
  title: string;
  text: string;
  /** Label of what is confirmed; without it there is only something to read. */
  yes?: string;
  onYes?: () => void;
  className?: string;
}

/** A question, or a piece of advice, over the page. */
export const Confirm = ({ label, title, text, yes, onYes, className }: Props) => (
  <DialogTrigger>
    <Button look={yes ? "plain" : "quiet"} {...(className ? { className } : {})}>
      {label}
    </Button>
    <ModalOverlay className="overlay" isDismissable>
      <Modal className="modal">
        <Dialog className="dialog" role={yes ? "alertdialog" : "dialog"}>
          {({ close }) => (
            <>
              <Heading slot="title" level={2} className="foreign">
                {title}
              </Heading>
              <p className="foreign">{text}</p>
              <div className="dialog-buttons">
                <Button autoFocus onPress={close}>
                  {yes ? words.cancel : words.close}
                </Button>
                {yes ? (
                  <Button
                    look="primary"
                    onPress={() => {
                      close();
                      onYes?.();
                    }}
                  >
                    {yes}
                  </Button>
                ) : null}
              </div>
            </>
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  </DialogTrigger>
);
