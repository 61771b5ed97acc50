import { EventEmitter } from "node:events";

/** Native elements of Electron as data. Tests read and click them with `evaluate`. */

let clipboardText = "";
export const clipboard = {
  writeText: (text: string): void => {
    clipboardText = text;
  },
  readText: (): string => clipboardText,
};

export interface MenuItem {
  label?: string;
  type?: string;
  role?: string;
  enabled?: boolean;
  checked?: boolean;
  visible?: boolean;
  accelerator?: string;
  submenu?: MenuItem[] | Menu;
  click?: (item: MenuItem) => void;
}

export class Menu {
  static #application: Menu | null = null;
  readonly items: MenuItem[];

  constructor(items: MenuItem[] = []) {
    this.items = items;
  }

  static buildFromTemplate(template: MenuItem[]): Menu {
    return new Menu(template.map((item) => ({ enabled: true, visible: true, ...item })));
  }

  static setApplicationMenu(menu: Menu | null): void {
    Menu.#application = menu;
  }

  static getApplicationMenu(): Menu | null {
    return Menu.#application;
  }

  popup(): void {}
}

export class Tray extends EventEmitter {
  /** For tests. */
  static readonly all: Tray[] = [];
  menu: Menu | null = null;
  toolTip = "";
  image: unknown;

  constructor(image: unknown) {
    super();
    this.image = image;
    Tray.all.push(this);
  }

  setImage(image: unknown): void {
    this.image = image;
  }

  setToolTip(text: string): void {
    this.toolTip = text;
  }

  setContextMenu(menu: Menu | null): void {
    this.menu = menu;
  }

  popUpContextMenu(): void {}

  setIgnoreDoubleClickEvents(): void {}

  destroy(): void {
    Tray.all.splice(Tray.all.indexOf(this), 1);
  }
}

export class Notification extends EventEmitter {
  /** For tests: all notifications that were shown. */
  static readonly shown: Notification[] = [];
  readonly title: string;
  readonly body: string;

  constructor(options: { title?: string; body?: string } = {}) {
    super();
    this.title = options.title ?? "";
    this.body = options.body ?? "";
  }

  static isSupported(): boolean {
    return true;
  }

  show(): void {
    Notification.shown.push(this);
    this.emit("show");
  }

  close(): void {
    this.emit("close");
  }
}

export interface MessageBox {
  message: string;
  detail?: string;
  buttons?: string[];
  defaultId?: number;
  cancelId?: number;
}

/** Message boxes take the next of `answers`; without one they are cancelled, as by Escape. */
export const dialog = {
  asked: [] as MessageBox[],
  answers: [] as number[],
  showMessageBox: async (...args: unknown[]): Promise<{ response: number; checkboxChecked: boolean }> => {
    const options = args.at(-1) as MessageBox;
    dialog.asked.push(options);
    return { response: dialog.answers.shift() ?? options.cancelId ?? 0, checkboxChecked: false };
  },
  showErrorBox: (title: string, content: string): void => {
    dialog.asked.push({ message: title, detail: content });
  },
};

export const nativeImage = {
  createFromPath: (path: string) => ({ path, isEmpty: () => false, setTemplateImage: () => {} }),
  createEmpty: () => ({ path: "", isEmpty: () => true, setTemplateImage: () => {} }),
};

class NativeTheme extends EventEmitter {
  themeSource = "system";
  shouldUseDarkColors = false;
}
export const nativeTheme = new NativeTheme();

export const powerMonitor = new EventEmitter();

export const shell = {
  /** For tests. */
  opened: [] as string[],
  openExternal: async (url: string): Promise<void> => {
    shell.opened.push(url);
  },
  /** Resolves to an error message; "" = success. */
  openPath: async (path: string): Promise<string> => {
    shell.opened.push(path);
    return "";
  },
};
