type Listener = (event: object, ...args: unknown[]) => unknown;

/** Calls of a preload script, by channel. */
class IpcMain {
  #handlers = new Map<string, Listener>();

  handle(channel: string, listener: Listener): void {
    if (this.#handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    this.#handlers.set(channel, listener);
  }

  removeHandler(channel: string): void {
    this.#handlers.delete(channel);
  }

  on(): this {
    return this;
  }

  /** For the window: what `ipcRenderer.invoke` leads to. */
  async invoke(event: object, channel: string, args: unknown[]): Promise<unknown> {
    const handler = this.#handlers.get(channel);
    if (!handler) throw new Error(`No handler registered for '${channel}'`);
    return handler(event, ...args);
  }
}

export const ipcMain = new IpcMain();
