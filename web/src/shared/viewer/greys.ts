/** Bytes that came over a socket, as a picture that can be drawn. */

const OPAQUE = 0xff000000;
/** Grey levels as little-endian RGBA. */
const GREYS = Uint32Array.from({ length: 256 }, (_, grey) => (OPAQUE | (grey * 0x010101)) >>> 0);

/** Fill `out` (RGBA, one number for each pixel) with grey or RGB bytes. */
export function toRgba(bytes: Uint8Array, channels: 1 | 3, out: Uint32Array): void {
  if (channels === 1) {
    for (let i = 0; i < out.length; i++) out[i] = GREYS[bytes[i]!]!;
    return;
  }
  for (let i = 0, at = 0; i < out.length; i++, at += 3) {
    out[i] = (OPAQUE | (bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!) >>> 0;
  }
}

/** Makes pictures of one size after another without asking for memory each time. */
export class Darkroom {
  #image: ImageData | undefined;
  #canvas: OffscreenCanvas | undefined;

  /** Return the picture; whoever gets it closes it. */
  develop(bytes: Uint8Array, width: number, height: number, channels: 1 | 3): ImageBitmap {
    if (this.#image?.width !== width || this.#image.height !== height) {
      this.#image = new ImageData(width, height);
      this.#canvas = new OffscreenCanvas(width, height);
    }
    toRgba(bytes, channels, new Uint32Array(this.#image.data.buffer));
    this.#canvas!.getContext("2d")!.putImageData(this.#image, 0, 0);
    return this.#canvas!.transferToImageBitmap();
  }
}
