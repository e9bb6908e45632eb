// The same cases as in internal/visible/visible_test.go.

import assert from "node:assert/strict";
import { test } from "node:test";

import { defanged } from "../page/result.js";
import { visible } from "../page/visible.js";

for (const [text, shown] of [
  ["", ""],
  ["q.com", "q.com"],
  ["bücher.de/日本", "bücher.de/日本"],
  ["a\0b\x1b\x7f\r\n\t", "a\\x00b\\x1b\\x7f\\x0d\\x0a\\x09"],
  ["\u202e\u2066\u200b\u00ad\ufeff\u034f\u180e", "\\u202e\\u2066\\u200b\\u00ad\\ufeff\\u034f\\u180e"],
  ["a b\u00a0c\u2003d\u3000", "a b\\u00a0c\\u2003d\\u3000"],
  ["\u{e0041}\u{f0000}", "\\U000e0041\\U000f0000"],
  ["\u115f\u3164\uffa0\u2800", "\\u115f\\u3164\\uffa0\\u2800"],
  ["\ud800", "\\ud800"],
  ["e\u0301e\u0301\u0301\u0301\u0301", "e\u0301e\u0301\u0301\u0301\\u0301"],
  ["👩‍💻", "👩\\u200d💻"],
]) {
  test(`shown: ${JSON.stringify(text)}`, () => assert.equal(visible(text), shown));
}

for (const [text, safe] of [
  ["http://a.com/b.html", "hxxp://a[.]com/b[.]html"],
  ["HTTPS://a.com", "hxxps://a[.]com"],
  ["hxxp://a[.]com", "hxxp://a[.]com"],
  ["a.com", "a[.]com"],
]) {
  test(`defanged: ${text}`, () => assert.equal(defanged(text), safe));
}
