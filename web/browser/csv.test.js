// What the page writes into cells, which snowman label reads back.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { cell } from "../page/csv.js";

test("cells are written as snowman label reads them", async () => {
  const cells = JSON.parse(await readFile(new URL("../../internal/labelling/testdata/cells.json", import.meta.url), "utf8"));
  for (const { text, cell: written } of cells) assert.equal(cell(text), written);
});
