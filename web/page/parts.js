// The bytes of a file in UTF-8, cut into parts behind line ends.

const partSize = 1 << 20; // bytes
const largestPart = 3 << 20; // the server takes 4 MiB with what stands before a part

/** A file that is read part by part. */
export class Parts {
  #bytes; // what the file gives
  #held = new Uint8Array(0); // that was read and not yet taken
  #ended = false;
  #failure = null; // that ended the reading
  #size;

  /** Calls read with the number of bytes that were read since the last call. */
  constructor(file, signal, read = () => {}) {
    this.#bytes = bytesOf(file, signal, read);
    this.#size = file.size <= largestPart ? largestPart : partSize; // some formats must come whole
  }

  /** Returns the next part, whether it is the last, and what has failed behind it. */
  async next() {
    const some = [this.#held];
    let length = this.#held.length;
    while (!this.#ended && length <= this.#size) {
      const { done, value } = await this.#bytes.next().catch((problem) => {
        this.#failure = problem;
        return { done: true };
      });
      if (done) this.#ended = true;
      else {
        some.push(value);
        length += value.length;
      }
    }
    const all = joined(some);
    if (this.#ended && length <= largestPart) {
      this.#held = new Uint8Array(0);
      return { bytes: all, last: true, failure: this.#failure };
    }
    const end = all.lastIndexOf(10, this.#size - 1) + 1 || Math.min(this.#size, length);
    this.#held = all.slice(end);
    return { bytes: all.subarray(0, end), last: false };
  }

  /** Takes back the end of the last part. The next one begins with it, and is longer. */
  giveBack(bytes, whole) {
    if (whole && this.#size >= largestPart) throw new Error("a record of it has no end");
    if (whole) this.#size = Math.min(largestPart, 2 * this.#size);
    this.#held = joined([bytes, this.#held]);
  }
}

/** A file that is cut where it was cut before. */
export class Cutter {
  #bytes;
  #held = new Uint8Array(0);

  constructor(file, signal) {
    this.#bytes = bytesOf(file, signal, () => {});
  }

  /** Returns the next bytes, this many. */
  async next(length) {
    const some = [this.#held];
    let held = this.#held.length;
    while (held < length) {
      const { done, value } = await this.#bytes.next();
      if (done) throw new Error("it is shorter than before");
      some.push(value);
      held += value.length;
    }
    const all = joined(some);
    this.#held = all.slice(length);
    return all.subarray(0, length);
  }
}

export function joined(parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Yields the bytes of a file, unpacked if it is compressed, in UTF-8 if it is in UTF-16. */
async function* bytesOf(file, signal, read) {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const begins = (...magic) => magic.every((byte, i) => start[i] === byte);
  let stream = file.stream().pipeThrough(new TransformStream({
    transform(bytes, controller) {
      read(bytes.length);
      controller.enqueue(bytes);
    },
  }));
  if (begins(0x1f, 0x8b)) stream = stream.pipeThrough(new DecompressionStream("gzip"));
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) stream = stream.pipeThrough(unzstd());
  const encoding = begins(0xff, 0xfe) ? "utf-16le" : begins(0xfe, 0xff) ? "utf-16be" : "";
  if (encoding) stream = stream.pipeThrough(new TextDecoderStream(encoding)).pipeThrough(new TextEncoderStream());
  const reader = stream.getReader();
  try {
    while (!signal?.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {}); // the reason is known already
  }
}

function unzstd() {
  try {
    return new DecompressionStream("zstd");
  } catch {
    throw new Error("this browser does not unpack zstd; unpack it first");
  }
}
