// What the page says about how rare a level is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Model } from "../page/model.js";

const thresholds = (more) => [["low", 0.8, 0.01], ["medium", 0.95, 0.001], ["high", 0.99, 0.0001]]
  .map(([level, score, rate]) => ({ level, score, false_positive_rate: rate, benign: 100_000, ...more }));
const shipped = new Model({ thresholds: thresholds(), url_thresholds: thresholds() });
const own = new Model({
  thresholds: [10, 0, 3.3157].map((alarms, i) => ({ ...thresholds()[i], false_positive_rate: 1 / 597, own: { alarms_per_day: alarms, days: 1, each_once: true, set: "2026-11-28" } })),
  url_thresholds: thresholds(),
});

for (const [name, model, level, canonical, said] of [
  ["a name", shipped, "high", "a.com", /^At most one in ten thousand ordinary names scores this high\.$/],
  ["a URL", shipped, "medium", "a.com/x", /^About one in a thousand ordinary URLs/],
  ["no level", shipped, "none", "a.com", /^More than one in a hundred ordinary names score this high\.$/],
  ["an address", shipped, "low", "192.0.2.1", /^Levels say little of IP addresses/],
  ["an address with all that a URL may have", shipped, "high", "user:pw@192.0.2.1:8080/x", /^Levels say little/],
  ["an address of version 6", shipped, "low", "[2001:db8::1]:8080", /^Levels say little/],
  ["a name that begins as an address does", shipped, "high", "192.168.0.1.paypal-login-secure.com", /^At most one in ten thousand/],
  ["another", shipped, "high", "1.2.3.4.evil.com/x", /^At most one in ten thousand/],
  ["a path that has an address", shipped, "high", "a.com/@192.0.2.1", /^At most one in ten thousand/],
  ["too few texts", new Model({ thresholds: thresholds({ too_few: true }) }), "high", "a.com", /^Too few ordinary names/],
  ["a level set on own traffic", own, "high", "a.com", /^Set on somebody's own traffic: at most 3\.32 names a day were to reach this level\.$/],
  ["one that gave way to it", own, "medium", "a.com", /^Set on somebody's own traffic: the level begins where the one below it does\.$/],
  ["below a level set on own traffic", own, "none", "a.com", /^Below the levels, of which the lowest is set on somebody's own traffic of names\.$/],
  ["levels of URLs that are as they were", own, "none", "a.com/x", /^More than one in a hundred ordinary URLs/],
  ["no levels", new Model({}), "none", "a.com", /^No levels were measured/],
]) {
  test(`rarity: ${name}`, () => assert.match(model.rarity(level, canonical), said));
}
