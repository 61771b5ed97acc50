type Listener = (event: object, ...args: unknown[]) => unknown;

/** Handlers for calls of the preload script, by channel. */
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

  /** For the window: handles `ipcRenderer.invoke`. */
  async invoke(event: object, channel: string, args: unknown[]): Promise<unknown> {
    const handler = this.#handlers.get(channel);
    if (!handler) throw new Error(`No handler registered for '${channel}'`);
    return handler(event, ...args);
  }
}

export const ipcMain = new IpcMain();
