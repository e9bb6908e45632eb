// How files are cut into what the service is asked about.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { Cutter, joined, Parts } from "../page/parts.js";

/** Returns all parts of a file as strings. */
async function partsOf(content) {
  const parts = new Parts(new Blob([content]));
  const all = [];
  for (;;) {
    const { bytes, last, failure } = await parts.next();
    all.push(new TextDecoder().decode(bytes));
    if (last) return { all, failure };
  }
}

for (const [name, content, expected] of [
  ["a short file is one part", "a.com\nb.com", ["a.com\nb.com"]],
  ["an empty file is one, too", "", [""]],
  ["gzip", gzipSync("a.com\n"), ["a.com\n"]],
  ["UTF-16 as Windows writes it", Buffer.from("\ufeffbücher.de\r\n", "utf16le"), ["bücher.de\r\n"]],
]) {
  test(name, async () => assert.deepEqual((await partsOf(content)).all, expected));
}

test("a long file is cut behind line ends, and nothing is lost", async () => {
  const content = Array.from({ length: 400_000 }, (_, i) => `${i}.example.com\n`).join("");
  for (const file of [content, gzipSync(content)]) {
    const { all } = await partsOf(file);
    assert.ok(all.length > 2);
    assert.ok(all.every((part) => part.endsWith("\n") && part.length <= 3 << 20));
    assert.equal(all.join(""), content);
  }
});

test("a long file without line ends is cut anywhere", async () => {
  const content = "x".repeat(5_000_000);
  assert.equal((await partsOf(content)).all.join(""), content);
});

test("what is given back begins the next part", async () => {
  const content = "abcdefg,".repeat(500_000);
  const parts = new Parts(new Blob([content]));
  const { bytes } = await parts.next();
  parts.giveBack(bytes.slice(10), false);
  const next = await parts.next();
  assert.equal(new TextDecoder().decode(next.bytes), content.slice(10, 10 + next.bytes.length));
  parts.giveBack(next.bytes, true);
  const longer = await parts.next();
  assert.ok(longer.bytes.length > next.bytes.length);
  parts.giveBack(longer.bytes, true);
  const longest = await parts.next();
  assert.equal(longest.bytes.length, 3 << 20);
  assert.throws(() => parts.giveBack(longest.bytes, true), /has no end/);
});

test("what stands before the damage of a file is read", async () => {
  const whole = gzipSync("a.com\n".repeat(1000) + Array.from({ length: 20_000 }, (_, i) => `${i * 7919}.example\n`).join(""));
  const { all, failure } = await partsOf(whole.subarray(0, whole.length / 2));
  assert.ok(all.join("").startsWith("a.com\n"));
  assert.ok(failure);
});

test("a file is cut again where it was cut", async () => {
  const cutter = new Cutter(new Blob([gzipSync("a.com\nb.com\nc.com\n")]));
  assert.equal(new TextDecoder().decode(joined([await cutter.next(6), await cutter.next(12)])), "a.com\nb.com\nc.com\n");
  await assert.rejects(cutter.next(1), /shorter/);
});
