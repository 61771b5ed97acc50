import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";
import { words } from "../i18n/en.ts";
import { Button } from "./button.tsx";
import "./confirm.css";

interface Props {
  /** Of the button that opens it; that has the focus again when it is closed. */
  label: string;
  title: string;
  text: string;
  /** Label of what is confirmed. */
  yes: string;
  onYes: () => void;
}

/** A question over the page. */
export const Confirm = ({ label, title, text, yes, onYes }: Props) => (
  <DialogTrigger>
    <Button>{label}</Button>
    <ModalOverlay className="overlay" isDismissable>
      <Modal className="modal">
        <Dialog className="dialog" role="alertdialog">
          {({ close }) => (
            <>
              <Heading slot="title" level={2} className="foreign">
                {title}
              </Heading>
              <p className="foreign">{text}</p>
              <div className="dialog-buttons">
                <Button autoFocus onPress={close}>
                  {words.cancel}
                </Button>
                <Button
                  look="primary"
                  onPress={() => {
                    close();
                    onYes();
                  }}
                >
                  {yes}
                </Button>
              </div>
            </>
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  </DialogTrigger>
);
