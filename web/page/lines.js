// The lines of files, of any compression and encoding that it knows.

const longestLine = 1 << 20; // characters; an event with a payload is long
const pieceSize = 1 << 14; // bytes: gzip may unpack a few to many
const textSize = 1 << 18; // characters

/**
 * Yields the lines of files, some hundreds at a time, as arrays of strings, until signal aborts. Of
 * a line that is too long it yields the beginning. It calls read with the number of bytes read
 * since the last call.
 */
export async function* lines(files, signal, read = () => {}) {
  let held = []; // lines, until there are more: so even in a short file the last line comes with others
  for (const file of files) {
    let buffered = "", skipping = false;
    for await (const text of texts(file, signal, read)) {
      const parts = (buffered + text).split(/\r\n|\n/);
      buffered = parts.pop();
      if (skipping && parts.length > 0) {
        parts.shift(); // the rest of a long line
        skipping = false;
      }
      if (skipping) buffered = "";
      if (buffered.length > longestLine) {
        parts.push(buffered);
        buffered = "";
        skipping = true;
      }
      if (parts.length === 0) continue;
      if (held.length > 0) yield held;
      held = parts.map((line) => line.slice(0, longestLine + 1));
    }
    if (buffered !== "") held.push(buffered);
  }
  if (held.length > 0) yield held;
}

/** Yields the text of a file, gzipped or not, in UTF-8 or UTF-16 with a byte order mark. */
async function* texts(file, signal, read) {
  const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const begins = (first, second) => start[0] === first && start[1] === second;
  let stream = file.stream().pipeThrough(new TransformStream({
    transform(bytes, controller) {
      read(bytes.length);
      for (let i = 0; i < bytes.length; i += pieceSize) controller.enqueue(bytes.subarray(i, i + pieceSize));
    },
  }));
  if (begins(0x1f, 0x8b)) stream = stream.pipeThrough(new DecompressionStream("gzip"));
  const encoding = begins(0xff, 0xfe) ? "utf-16le" : begins(0xfe, 0xff) ? "utf-16be" : "utf-8";
  const reader = stream.pipeThrough(new TextDecoderStream(encoding)).getReader();
  try {
    while (!signal?.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      for (let i = 0; i < value.length; i += textSize) yield value.slice(i, i + textSize);
    }
  } finally {
    reader.cancel().catch(() => {}); // the reason is known already
  }
}
