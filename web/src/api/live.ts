/** The live socket: what is said on it, typed by the committed contract, and frames out of binary messages. */

import type { components } from "./schema";
import type {
  FrameHead,
  LiveControl,
  LiveExplained,
  LiveOpened,
  LivePatient,
  LivePlace,
  LiveRecorded,
  LiveRecordState,
  LiveStanding,
  LiveTrouble,
  LiveWorking,
} from "./types";

type Schemas = components["schemas"];

/** What the server says in text. */
export type Said =
  | LiveOpened
  | LiveWorking
  | LivePatient
  | LivePlace
  | LiveStanding
  | LiveTrouble
  | LiveRecordState
  | LiveRecorded
  | LiveExplained;
/** What opens a source, the first message. */
export type Opening = Schemas["OpenScanner"] | Schemas["OpenDevice"] | Schemas["OpenCamera"] | Schemas["OpenRecording"];
/** What the page may say after that. */
export type Wish =
  | LiveControl
  | Schemas["Run"]
  | Schemas["Ack"]
  | Schemas["ChangePatient"]
  | Schemas["AskView"]
  | Schemas["WantView"]
  | Schemas["Explain"]
  | Schemas["Record"];

export interface LiveFrame {
  readonly head: FrameHead;
  /** Grey or RGB bytes, row by row. */
  readonly pixels: Uint8Array;
  /** The label map, where the frame carries one. */
  readonly truth: Uint8Array | undefined;
  /** The map of what is seen, one structure id per cell, where the frame carries one. */
  readonly labels: Uint8Array | undefined;
}

export interface Listener {
  opened(): void;
  said(message: Said): void;
  frame(message: ArrayBuffer): void;
  closed(): void;
}

const LENGTH_BYTES = 4;
const RUN_BYTES = 3;

/** Return the frame in a binary message: u32 little-endian length, JSON head, pixels, maps. Throws if damaged. */
export function readFrame(message: ArrayBuffer): LiveFrame {
  if (message.byteLength < LENGTH_BYTES) throw new RangeError("a frame ends before its head begins");
  const length = new DataView(message).getUint32(0, true);
  const start = LENGTH_BYTES + length;
  if (start > message.byteLength) throw new RangeError("a frame ends inside its head");
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(message, LENGTH_BYTES, length))) as FrameHead;
  const size = head.width * head.height * head.channels;
  const truth = head.truth ? head.truth.width * head.truth.height : 0;
  const map = head.seen?.map;
  if (start + size + truth + (map?.size ?? 0) !== message.byteLength)
    throw new RangeError("a frame has not as many pixels as it says");
  return {
    head,
    pixels: new Uint8Array(message, start, size),
    truth: head.truth ? new Uint8Array(message, start + size, truth) : undefined,
    labels: map ? unpacked(new DataView(message, start + size + truth, map.size), map.rows * map.columns) : undefined,
  };
}

/** Return the cells of a map that comes in runs: an id, and how many cells bear it (u16). Throws if damaged. */
export function unpacked(runs: DataView, cells: number): Uint8Array {
  const labels = new Uint8Array(cells);
  let at = 0;
  for (let byte = 0; byte + RUN_BYTES <= runs.byteLength; byte += RUN_BYTES) {
    const end = at + runs.getUint16(byte + 1, true);
    labels.fill(runs.getUint8(byte), at, end);
    at = end;
  }
  if (at !== cells) throw new RangeError("a map has not as many cells as it says");
  return labels;
}

/** One connection. It says nothing by itself, and is used up when it closes. */
export class LiveSocket {
  readonly #socket: WebSocket;

  constructor(listener: Listener) {
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/live`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => listener.opened();
    socket.onclose = () => listener.closed();
    socket.onmessage = ({ data }) =>
      typeof data === "string" ? listener.said(JSON.parse(data) as Said) : listener.frame(data as ArrayBuffer);
    this.#socket = socket;
  }

  say(message: Opening | Wish): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#socket.onclose = null;
    this.#socket.onmessage = null;
    this.#socket.close();
  }
}
