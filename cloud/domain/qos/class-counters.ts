/** Packets of a class of an instance in one direction, since the access point has had the class. */
export interface ClassCounters extends Counted {
  instanceId: string;
  /** "" = the packets that belong to no class. */
  classId: string;
  /** up = from clients. */
  direction: "up" | "down";
}

export interface Counted {
  /** Packets that have left, and their inner bytes. */
  packets: number;
  bytes: number;
  /** Packets dropped because their queue was full, because the memory of all queues was, and because they waited too long. */
  droppedFull: number;
  droppedMemory: number;
  droppedDelay: number;
}
