// The page as people use it, in real Chromium against the real service.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { launch, open } from "./browser.js";
import { folder, serve } from "./server.js";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser, server;

before(async () => {
  await writeFile(join(folder, "allow.txt"), "*.github.com\n");
  await writeFile(join(folder, "million.txt"), Array.from({ length: 1_000_000 }, (_, i) => `${i.toString(36)}-name${i}.net\n`).join(""));
  [browser, server] = await Promise.all([launch(), serve("-allow", join(folder, "allow.txt"))]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Runs a test on a page that must not complain, except of what is allowed. */
function onPage(name, options, use) {
  test(name, { timeout: 120_000 }, async () => {
    const { page, complaints, close } = await open(browser, options.address?.() ?? server.address, options);
    try {
      await use(page);
      assert.deepEqual(complaints.filter((complaint) => !options.allowed?.test(complaint)), []);
    } finally {
      await close();
    }
  });
}

const linkTo = (...texts) => "#q=" + encodeURIComponent(texts.join("\n"));

const names = (page) => page.locator("#rows button.name").allTextContents();

/** Waits until all rows are scored. */
const loaded = (page) => page.waitForFunction(() => /^(All done|Stopped)/.test(document.getElementById("status").textContent));

onPage("one name is judged while it is typed, with reasons", {}, async (page) => {
  await page.locator("#texts").pressSequentially("paypal-login-secure.com");
  const result = page.locator("#result");
  await result.getByText("At most one in ten thousand ordinary names scores this high.").waitFor();
  assert.equal(await result.locator(".chip").textContent(), "high");
  assert.equal(await result.locator(".score .numbers").textContent(), "> 0.99999");
  assert.match(await result.locator(".facts").textContent(), /^Kindphishing/);
  assert.equal(await result.locator(".characters").textContent(), "paypal-login-secure.com");
  assert.ok(await result.locator(".characters .p4, .characters .p5").count() > 3, "strong characters are shaded");
  assert.equal(await result.locator(".ngrams tbody tr").count(), 10);
  await result.locator(".ngrams tbody tr", { hasText: "login" }).first().hover();
  assert.equal(await result.locator(".characters .marked").evaluateAll((spans) => spans.map((span) => span.textContent).join("")), "login");
});

onPage("an ordinary name is called so, and a URL is judged among URLs", {}, async (page) => {
  await page.fill("#texts", "wikipedia.org");
  await page.locator("#result").getByText("More than one in a hundred ordinary names score this high.").waitFor();
  assert.equal(await page.locator("#result .chip").textContent(), "none");
  await page.fill("#texts", "paypal-login-secure.com/a");
  await page.locator("#result").getByText("ordinary URLs scores this high.").waitFor();
});

onPage("what the network does not read is struck through", { hash: linkTo("https://www.d111111abcdef8.cloudfront.net:443/a") }, async (page) => {
  await page.locator("#result").waitFor();
  assert.equal(await page.locator(".given del").first().textContent(), "https://www.");
  assert.equal(await page.locator(".given del").last().textContent(), ":443");
  assert.equal(await page.locator(".characters del").first().textContent(), "d111111abcdef8.");
  assert.equal(await page.locator(".characters span").evaluateAll((spans) => spans.map((span) => span.textContent).join("")), "cloudfront.net/a");
});

onPage("a generated name has its likeliest families, a look-alike what it looks like", { hash: linkTo("vkqwzpxjtmhd.net") }, async (page) => {
  await page.getByText("Family, likeliest first").waitFor();
  assert.equal(await page.locator(".facts li").count(), 3);
  await page.fill("#texts", "pаypal.com");
  await page.locator(".oddities", { hasText: "looks like paypal.com" }).waitFor();
  await page.locator(".oddities", { hasText: "mixes scripts within a label" }).waitFor();
  assert.equal(await page.locator(".characters").textContent(), "xn--pypal-4ve.com");
  assert.equal(await page.locator(".given").count(), 0, "the letter was not left out");
});

onPage("a name on the allow list names its entry", { hash: linkTo("vkqwzpxjtmhd.github.com") }, async (page) => {
  await page.locator("#result").getByText("On an allow list").waitFor();
  assert.equal(await page.locator("#result .chip").textContent(), "none");
  assert.match(await page.locator(".facts").textContent(), /Allowed by\*\.github\.com in .*allow\.txt/);
});

onPage("what is no public name says why, and nothing of how rare it is", { hash: linkTo("vkqwzpxjtmhd.local") }, async (page) => {
  const result = page.locator("#result");
  await result.getByText("Not a public name: local suffix. It has a score; its level is none.").waitFor();
  assert.equal(await result.locator(".chip").textContent(), "none");
  assert.ok(Number(await result.locator(".score .numbers").textContent()) > 0.5, "it has its score");
  assert.equal(await result.locator(".scale").count(), 0, "no scale of levels");
  assert.doesNotMatch(await result.textContent(), /one in|Family/);
  await page.fill("#texts", "vkqwzpxjtmhd.net");
  await result.locator(".scale").waitFor();
  await page.fill("#texts", "T1059.001\n10.0.0.1\nvkqwzpxjtmhd.net");
  await loaded(page);
  assert.match(await page.locator("#rows tr", { hasText: "T1059" }).textContent(), /none.*benign.*not public: identifier/);
  assert.match(await page.locator("#rows tr", { hasText: "10.0.0.1" }).textContent(), /none.*benign.*not public: private address/);
  assert.match(await page.locator("#rows tr", { hasText: "vkqwzpxjtmhd" }).textContent(), /medium/);
});

onPage("user-info and a link that was unwrapped are said in words", { hash: linkTo("https://me@q.com/") }, async (page) => {
  await page.locator(".oddities", { hasText: "had a user before an @" }).waitFor();
  const gateway = "links.\u202egateway.com";
  await page.route(/\/v1\/(score|explain)/, async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    for (const record of answer.verdicts ?? [answer]) record.unwrapped_from = gateway;
    await route.fulfill({ response, json: answer });
  });
  await page.fill("#texts", "q.com");
  await page.locator(".gateway", { hasText: "A link of links.\\u202egateway.com, scored by what it leads to: q.com" }).waitFor();
});

onPage("names are found in what is pasted around them", {}, async (page) => {
  await page.fill("#texts", "See hxxps://vkqwzpxjtmhd[.]net/a, and github.com.");
  await loaded(page);
  assert.deepEqual(await names(page), ["hxxps://vkqwzpxjtmhd[.]net/a", "github.com"]);
  await page.fill("#texts", '"github.com",');
  await page.locator("#result .chip").waitFor();
  assert.equal(await page.locator("#result h2").textContent(), "github.com");
});

onPage("what is odd beside a score is said beside it", { hash: linkTo("rnicrosoft.com") }, async (page) => {
  await page.locator(".oddities", { hasText: "looks like microsoft.com" }).waitFor();
  await page.fill("#texts", "q.com/\u202excod");
  await page.locator(".oddities", { hasText: "holds characters that cannot be seen" }).waitFor();
  await page.fill("#texts", "8.8.8.8");
  await page.getByText("Levels say little of IP addresses").first().waitFor();
  await page.fill("#texts", "github.com\nrnicrosoft.com");
  await loaded(page);
  await page.getByLabel("look-alikes").check();
  await page.waitForFunction(() => document.getElementById("range").textContent === "1–1 of 1");
  assert.deepEqual(await names(page), ["rnicrosoft.com"]);
});

onPage("a verdict is announced in words that stand apart", { hash: linkTo("https://pаypal.com/\u202ex") }, async (page) => {
  await page.locator("#result .oddities").waitFor();
  assert.match(await page.locator("#status").textContent(),
    /^(none|low|medium|high), .+ score(s?) this high\., looks like paypal\.com, mixes scripts .*, holds characters that cannot be seen$/);
});

onPage("what is typed before a paste does not close its table", { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
  await page.evaluate(() => navigator.clipboard.writeText(Array.from({ length: 9000 }, (_, i) => `name${i}.example\n`).join("")));
  await page.locator("#texts").pressSequentially("github.com");
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Control+V");
  await loaded(page);
  await page.waitForTimeout(300); // longer than the pause after which typed text is sent
  assert.equal(await page.locator("#pace").textContent(), "9,000 different names in 9,000 lines");
  assert.equal(await page.inputValue("#texts"), "");
});

onPage("a link that is broken leaves no verdict behind", { hash: linkTo("github.com") }, async (page) => {
  await page.locator("#result .chip").waitFor();
  await page.getByRole("link", { name: "To the search field" }).focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => location.hash), linkTo("github.com"));
  await page.evaluate(() => { location.hash = "#q=%E0%A4%A"; });
  await page.getByText("This link is broken.").waitFor();
  assert.ok(await page.locator("#result").isHidden());
});

onPage("rows that come in do not move the page", {}, async (page) => {
  await page.setInputFiles("#file", join(folder, "million.txt"));
  await page.locator("#rows tr").nth(50).waitFor();
  await page.locator("#rows td.name button").first().click();
  await page.evaluate(() => scrollTo(0, 2500));
  const before = await page.locator("#pace").textContent();
  await page.waitForFunction((before) => document.getElementById("pace").textContent !== before, before);
  assert.equal(await page.evaluate(() => scrollY), 2500);
});

onPage("a table keeps its histogram when the window changes", { hash: linkTo("github.com", "vkqwzpxjtmhd.net") }, async (page) => {
  await loaded(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForFunction(() => {
    const bars = [...document.querySelectorAll(".histogram .bar")];
    return bars.length === 2 && bars.every((bar) => bar.getBoundingClientRect().right < 390);
  });
});

onPage("a line in which nothing looks like a name is asked about as a whole", {}, async (page) => {
  await page.fill("#texts", "q dot com");
  await page.locator("#result", { hasText: "q dot com" }).locator(".chip").waitFor();
  await page.fill("#texts", "Dear customer please verify your account.");
  await page.locator("#result .problem", { hasText: "the text looks like a sentence" }).waitFor();
});

onPage("a text that is no name has its reason, and the page goes on", {}, async (page) => {
  await page.fill("#texts", "bad:host");
  await page.locator("#result", { hasText: 'Not scored: port "host" is not a number' }).waitFor();
  await page.fill("#texts", "github.com");
  await page.locator("#result .chip").waitFor();
});

onPage("a result has a link, of which the server learns nothing", { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
  await page.fill("#texts", "secret-in-the-link.com");
  await page.locator("#result").waitFor();
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText("copied").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, server.address + linkTo("secret-in-the-link.com"));
  await page.goto("about:blank");
  await page.goto(link);
  await page.locator("#result .chip").waitFor();
  assert.equal(await page.inputValue("#texts"), "secret-in-the-link.com");
  await page.getByRole("button", { name: "Copy defanged" }).click();
  await page.getByText("copied").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "secret-in-the-link[.]com");
  assert.ok(!server.log.join("\n").includes("secret"), "no line of the log names the text");
});

onPage("a text that is too long for a link has none", { hash: linkTo("q.com/" + "x".repeat(8100)) }, async (page) => {
  await page.getByRole("button", { name: "Copy JSON" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Copy link" }).count(), 0);
});

onPage("links to the same page are followed, broken ones are refused", {}, async (page) => {
  await page.getByRole("link", { name: "github.com", exact: true }).click();
  await page.locator("#result").waitFor();
  await page.goBack();
  await page.locator("#examples").waitFor();
  assert.equal(await page.inputValue("#texts"), "");
  await page.goForward();
  await page.locator("#result").waitFor();
  await page.evaluate(() => { location.hash = "#q=%E0%A4%A"; });
  await page.getByText("This link is broken.").waitFor();
});

onPage("a paste of several is a table", { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
  await page.evaluate(() => navigator.clipboard.writeText("github.com\r\nvkqwzpxjtmhd.net\n\n  paypal-login-secure.com  \ngithub.com\nbad:host\npaypa1.net"));
  await page.focus("#texts");
  await page.keyboard.press("Control+V");
  await loaded(page);
  assert.deepEqual(await names(page), ["paypal-login-secure.com", "vkqwzpxjtmhd.net", "paypa1.net", "github.com", "bad:host"]);
  assert.equal(await page.locator("#pace").textContent(), "5 different names in 7 lines");
  assert.match(await page.locator("#rows tr", { hasText: "github.com" }).textContent(), /none.*benign.*github\.com.*allowed by \*\.github\.com.*21/);
  assert.match(await page.locator("#rows tr", { hasText: "bad:host" }).textContent(), /not scored.*port "host" is not a number/);
  assert.match(await page.locator("#rows tr", { hasText: "paypa1" }).textContent(), /looks like paypal\.com/);
});

onPage("the table is sorted and filtered, and its rows open", { hash: linkTo("github.com", "zis32msdi3.com", "vkqwzpxjtmhd.net", "paypal-login-secure.com", "a.paypal-login-secure.com/x") }, async (page) => {
  await loaded(page);
  const heading = (name) => page.getByRole("columnheader", { name });
  assert.equal(await heading("Score").getAttribute("aria-sort"), "descending");
  await heading("Name").getByRole("button").click();
  const inOrder = (expected) => page.waitForFunction((expected) =>
    [...document.querySelectorAll("#rows button.name")].map((button) => button.textContent).join(" ") === expected, expected);
  await inOrder("a.paypal-login-secure.com/x github.com paypal-login-secure.com vkqwzpxjtmhd.net zis32msdi3.com");
  await heading("Name").getByRole("button").click();
  await inOrder("zis32msdi3.com vkqwzpxjtmhd.net paypal-login-secure.com github.com a.paypal-login-secure.com/x");
  assert.equal(await heading("Name").getAttribute("aria-sort"), "descending");

  const matching = (words) => page.waitForFunction((words) => document.getElementById("range").textContent === words, words);
  await page.fill("#contains", "PAYPAL");
  await matching("1–2 of 2");
  await page.getByRole("button", { name: "Show all" }).click();
  await matching("1–5 of 5");
  await page.selectOption("#level", "2");
  await matching("1–3 of 3");
  await page.selectOption("#kind", "dga");
  await matching("1–1 of 1");
  await page.getByRole("button", { name: "Show all" }).click();
  await matching("1–5 of 5");
  await page.locator(".histogram .bin", { has: page.locator(".bar") }).first().click();
  await matching("1–1 of 1");
  assert.deepEqual(await names(page), ["github.com"]);
  assert.notEqual(await page.inputValue("#highest"), "");
  await page.getByRole("button", { name: "Show all" }).click();
  await matching("1–5 of 5");

  const row = page.getByRole("button", { name: "vkqwzpxjtmhd.net" });
  await row.click();
  await page.locator("tr.opened .characters").waitFor();
  assert.equal(await row.getAttribute("aria-expanded"), "true");
  await row.click();
  assert.equal(await page.locator("tr.opened").count(), 0);
});

onPage("all of it works with the keyboard alone", {}, async (page) => {
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.id);
  assert.equal(await focused(), "texts");
  await press("Tab", "Shift+Tab");
  await page.keyboard.type("paypal-login-secure.com");
  await press("Enter");
  await page.locator("#result").waitFor();
  await press("Tab", "Tab"); // Score, Choose a file
  assert.equal(await focused(), "Choose files…");
  await press("Tab");
  assert.equal(await focused(), "benign");
  await press("Tab", "Tab");
  assert.equal(await focused(), "Each character in numbers");
  await press("Enter");
  await page.locator(".each").waitFor();
  await press("Tab");
  assert.equal(await focused(), "paypa");
  assert.equal(await page.locator(".characters .marked").count(), 5);

  await page.focus("#texts");
  await press("Shift+Enter");
  await page.keyboard.type("github.com");
  await loaded(page);
  while (await focused() !== "Name") await press("Tab");
  await press("Enter");
  await page.waitForFunction(() => document.querySelector("#rows td.name").textContent.startsWith("github"));
  assert.equal(await focused(), "Name");
  while (await focused() !== "github.com") await press("Tab");
  await press("Enter");
  await page.locator("tr.opened .characters").waitFor();
});

// Each text is written out as shown and stays one text: none of it becomes an element.
const hostile = [
  ["a script element", `q.com/<script>window.pwned=1</script>`],
  ["an event handler", `q.com/"><img/src=x/onerror="window.pwned=1"/x>`],
  ["another within an attribute", `q.com/'/onmouseover='window.pwned=1`],
  ["a link that would run", `javascript:window.pwned=1`],
  ["a template", "q.com/${window.pwned=1}{{constructor.constructor('window.pwned=1')()}}"],
  ["an override of direction", "q.com/\u202excod.exe", "q.com/\\u202excod.exe"],
  ["isolates and marks of direction", "q.com/\u2066a\u2069\u200f\u061c", "q.com/\\u2066a\\u2069\\u200f\\u061c"],
  ["what has no width", "pay\u200bpal\u00ad.com\u2060/\ufeffa", "pay\\u200bpal\\u00ad.com\\u2060/\\ufeffa"],
  ["tags beyond the first plane", "q.com/\u{e0041}", "q.com/\\U000e0041"],
  ["a null byte", "q\0.com", "q\\x00.com"],
  ["an escape sequence", "q.com/\x1b[2J", "q.com/\\x1b[2J"],
  ["marks that pile up", "q.com/a" + "\u0301".repeat(40), "q.com/a\u0301\u0301\u0301" + "\\u0301".repeat(37)],
  ["a long name", "a".repeat(8_000) + ".com"],
  ["a long path", "q.com/" + "<b>".repeat(2_600)],
  ["half a character", "q.com/\ud800", "q.com/\ufffd"],
];

for (const [name, text, shown = text] of hostile) {
  onPage(`shown as text: ${name}`, {}, async (page) => {
    for (const texts of [text, `github.com\n${text}`]) {
      await page.evaluate(() => { document.getElementById("status").textContent = ""; });
      await page.fill("#texts", texts);
      await page.locator("#result article, #rows tr:nth-child(2)").first().waitFor();
      const row = page.locator("#rows button.name:enabled").filter({ hasNotText: "github.com" });
      if (await row.count() > 0) {
        await row.click();
        await page.locator("tr.opened .characters, tr.opened .problem").waitFor();
      }
      const [words, elements, pwned] = await page.evaluate(() => [
        document.querySelector("main").textContent,
        document.querySelectorAll("main script, main img, main a[href^=javascript], main b, main iframe").length,
        window.pwned,
      ]);
      assert.equal(pwned, undefined);
      assert.equal(elements, 0);
      assert.ok(words.includes(shown.slice(0, 300)), "the text is shown");
      assert.doesNotMatch(words, /[\u202a-\u202e\u2066-\u2069\u200b-\u200f\0\x1b\ufeff]/, "what cannot be seen is written out");
    }
  });
}

onPage("marks do not pile up; among the characters they are escapes", { hash: linkTo("https://q.com/a" + "\u0301".repeat(40)) }, async (page) => {
  await page.locator("#result .characters").waitFor();
  assert.equal(await page.locator("#result h2 .escaped").count(), 37);
  assert.match(await page.locator("#result .characters").textContent(), /%CC%81%CC%81/);
});

onPage("letters stand in the order that they have, whatever their direction", { hash: linkTo("אבג.example/דה") }, async (page) => {
  await page.locator("#result .characters").waitFor();
  for (const place of ["#result .characters", "#result h2 bdo"]) {
    const places = await page.locator(place).evaluate((line) => {
      const left = [];
      const walk = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        for (let i = 0; i < node.length; i++) {
          const range = document.createRange();
          range.setStart(node, i);
          range.setEnd(node, i + 1);
          left.push(range.getBoundingClientRect().left);
        }
      }
      return left;
    });
    assert.deepEqual(places, places.toSorted((a, b) => a - b), place);
  }
});

onPage("markup is refused by the browser itself", { allowed: /TrustedHTML/ }, async (page) => {
  const refused = await page.evaluate(() => {
    try {
      document.body.innerHTML = "<p>markup</p>";
    } catch (problem) {
      return problem.name;
    }
  });
  assert.equal(refused, "TypeError");
});

test("every answer to a browser says what the browser must not do", async () => {
  for (const path of ["", "card", "assets/page.js", "assets/worker.js", "assets/snowman.css", "assets/snowman.svg"]) {
    const response = await fetch(server.address + path);
    assert.equal(response.status, 200, path);
    assert.match(response.headers.get("content-security-policy"), /^default-src 'none'; script-src 'self'; style-src 'self';/, path);
    assert.doesNotMatch(response.headers.get("content-security-policy"), /unsafe|https?:|\*/, path);
    assert.equal(response.headers.get("referrer-policy"), "no-referrer", path);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff", path);
    assert.doesNotMatch(await response.text(), /<script>| on\w+="|style="|(src|href)="(https?:)?\/\//, path);
  }
});

/** Chooses a file on the page. */
const choose = (page, name, content) => page.setInputFiles("#file", { name, mimeType: "", buffer: Buffer.from(content) });

const zeek = `#separator \\x09
#set_separator\t,
#fields\tts\tuid\tid.orig_h\tquery\tqtype_name
#types\ttime\tstring\taddr\tstring\tstring
1.0\tC1\t10.0.0.1\tvkqwzpxjtmhd.net\tA
2.0\tC2\t10.0.0.1\t-\t-
3.0\tC3\t10.0.0.1\tgithub.com\tA
#close\t2026-01-01
`;

const eve = [
  { timestamp: "1", flow_id: 1, event_type: "dns", dns: { version: 3, type: "request", queries: [{ rrname: "vkqwzpxjtmhd.net" }] } },
  { timestamp: "2", flow_id: 2, event_type: "dns", dns: { type: "answer", rrname: "vkqwzpxjtmhd.net" } },
  { timestamp: "3", flow_id: 3, event_type: "tls", tls: { sni: "github.com" } },
].map((event) => JSON.stringify(event)).join("\n");

for (const [name, file, content, column, expected] of [
  ["a Zeek log", "dns.log", zeek, "", ["vkqwzpxjtmhd.net", "github.com"]],
  ["a gzipped one", "dns.log.gz", gzipSync(zeek), "", ["vkqwzpxjtmhd.net", "github.com"]],
  ["Suricata's events", "eve.json", eve, "", ["vkqwzpxjtmhd.net", "github.com"]],
  ["CSV", "export.csv", 'time,domain,note\n1,vkqwzpxjtmhd.net,"a, b"\n2,github.com,""""\n', "domain", ["vkqwzpxjtmhd.net", "github.com"]],
]) {
  onPage(`a file is read: ${name}`, {}, async (page) => {
    await choose(page, file, content);
    await loaded(page);
    assert.deepEqual(await names(page), expected);
    assert.equal(await page.inputValue("#column"), column);
  });
}

onPage("a log says how it is read, what gave no name, who asked and when", {}, async (page) => {
  await choose(page, "dns.log", zeek);
  await loaded(page);
  assert.equal(await page.locator("#format").textContent(), "read as Zeek log: 8 of its first 8 lines are that");
  assert.equal(await page.locator("#left").textContent(), "Lines that gave no name: 1 record has no name, 5 are headers, comments or blank.");
  assert.match(await page.locator("#rows tr", { hasText: "vkqwzpxjtmhd" }).textContent(), /vkqwzpxjtmhd\.netbenignmalicious110\.0\.0\.11\.05$/);
  assert.ok(await page.getByRole("columnheader", { name: "Client" }).isVisible());
  await page.fill("#contains", "10.0.0.9");
  await page.waitForFunction(() => document.getElementById("range").textContent === "none match");
  await choose(page, "names.txt", "github.com\n");
  await page.waitForFunction(() => document.getElementById("table-heading").textContent === "names.txt");
  await loaded(page);
  assert.ok(await page.getByRole("columnheader", { name: "Client" }).isHidden(), "a list tells of no client");
  await choose(page, "broken.csv", "domain,note\n" + "github.com,1\n".repeat(20) + "a,b,c\n");
  await page.locator("#left", { hasText: "Lines that gave no name: 1 is a header, a comment or blank, 1 is broken (it has other columns than the first line)." }).waitFor();
});

/** A Zeek log that is sent in parts, and whose columns change within. */
const long = [
  "#fields\tts\tuid\tid.orig_h\tquery\n", ...Array.from({ length: 100_000 }, (_, i) => `1.5\tC\t10.0.0.${i % 9}\tname${i % 1000}.example\n`),
  "#fields\tquery\tts\tuid\n", ...Array.from({ length: 100_000 }, (_, i) => `other${i % 1000}.example\t2.5\tC\n`), "vkqwzpxjtmhd.net\t\xff\tC",
].join("");

for (const [name, file, content] of [["a log", "dns.log", Buffer.from(long, "latin1")], ["a gzipped one", "dns.log.gz", gzipSync(Buffer.from(long, "latin1"))]]) {
  onPage(`verdicts stand beside the rows of a file: ${name}`, {}, async (page) => {
    await choose(page, file, content);
    await loaded(page);
    assert.equal(await page.locator("#pace").textContent(), "2,001 different names in 200,003 lines");
    assert.match(await page.locator("#rows tr").first().textContent(), /vkqwzpxjtmhd\.net.*200,003$/);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download with verdicts" }).click()]);
    assert.equal(download.suggestedFilename(), "dns-scored.log");
    const written = (await readFile(await download.path(), "latin1"));
    assert.equal(written.replace(/(\tsnowman_\w+){4}$|(\t[^\t\n]*){4}$/gm, ""), long);
    assert.match(written, /\nvkqwzpxjtmhd\.net\t\xff\tC\t0\.99617\tmedium\tdga\tvkqwzpxjtmhd\.net$/);
  });
}

onPage("files of different formats are not mixed", {}, async (page) => {
  await page.setInputFiles("#file", [
    { name: "dns.log", mimeType: "", buffer: Buffer.from(zeek) }, { name: "eve.json", mimeType: "", buffer: Buffer.from(eve) },
  ]);
  await page.locator("#problem", { hasText: "eve.json is read as " }).waitFor();
  assert.match(await page.locator("#problem").textContent(), /, the files before it as Zeek log\. Open them one by one\.$/);
  assert.deepEqual(await names(page), ["vkqwzpxjtmhd.net", "github.com"]);
});

onPage("names may be in another column", {}, async (page) => {
  await choose(page, "export.csv", "domain,seen with\nvkqwzpxjtmhd.net,github.com\n");
  await loaded(page);
  assert.deepEqual(await names(page), ["vkqwzpxjtmhd.net"]);
  await page.selectOption("#column", "seen with");
  await page.waitForFunction(() => document.querySelector("#rows td.name")?.textContent.startsWith("github.com"));
  assert.deepEqual(await names(page), ["github.com"]);
});

onPage("files are dropped, and read as one", {}, async (page) => {
  const dropped = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(["url,n\nvkqwzpxjtmhd.net,1"], "names.csv"));
    data.items.add(new File(["url,n\ngithub.com,2\nvkqwzpxjtmhd.net,3\n"], "more.csv"));
    return data;
  });
  await page.dispatchEvent("main", "dragenter", { dataTransfer: dropped });
  await page.locator("#drop").waitFor();
  await page.dispatchEvent("main", "drop", { dataTransfer: dropped });
  await loaded(page);
  assert.deepEqual(await names(page), ["vkqwzpxjtmhd.net", "github.com"]);
  assert.ok(await page.locator("#drop").isHidden());
});

onPage("a million rows are read while the page is used", {}, async (page) => {
  const file = join(folder, "million.txt");
  // The longest time for which the page could not respond. It is printed, not judged.
  await page.evaluate(() => {
    let last = performance.now();
    window.longest = 0;
    setInterval(() => {
      window.longest = Math.max(window.longest, performance.now() - last);
      last = performance.now();
    }, 0);
  });
  const start = Date.now();
  await page.setInputFiles("#file", file);
  await page.locator("#rows tr").first().waitFor();
  await page.getByRole("columnheader", { name: "Line" }).getByRole("button").click();
  await page.waitForFunction(() => document.querySelector("#rows td:last-child").textContent === "1");
  assert.equal(await page.locator("#status").textContent(), "", "it is still being read");
  await loaded(page);
  console.log(`# 1,000,000 names after ${(Date.now() - start) / 1000} s, the page busy for at most ${Math.round(await page.evaluate(() => window.longest))} ms`);
  assert.equal(await page.locator("#pace").textContent(), "1,000,000 different names in 1,000,000 lines");
  await page.getByRole("button", { name: "Last page" }).click();
  await page.waitForFunction(() => document.getElementById("range").textContent === "999,901–1,000,000 of 1,000,000");
  await page.fill("#contains", "name77777.");
  await page.waitForFunction(() => document.getElementById("range").textContent === "1–1 of 1");
});

onPage("reading a file can be stopped, and another opened", {}, async (page) => {
  await page.setInputFiles("#file", join(folder, "million.txt"));
  await page.locator("#rows tr").first().waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.waitForFunction(() => document.getElementById("status").textContent === "Stopped.");
  await page.setInputFiles("#file", join(folder, "million.txt"));
  await choose(page, "few.txt", "vkqwzpxjtmhd.net\n");
  await loaded(page);
  assert.deepEqual(await names(page), ["vkqwzpxjtmhd.net"]);
});

onPage("a table is downloaded as CSV, in which nothing is a formula", {}, async (page) => {
  await choose(page, "names.txt", ["=cmd!a1.com", "@sum(1).com", "+1.com", "-1.com", "＝1.com", "q.com/;=1+1", 'q.com/",\u202e\n', "paypa1.net", "paypa1.net", "bad:host", "printer.local"].join("\n"));
  await loaded(page);
  await page.getByRole("columnheader", { name: "Line" }).getByRole("button").click();
  await page.waitForFunction(() => document.querySelector("#rows td:last-child").textContent === "1");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download as CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "snowman.csv");
  const table = (await readFile(await download.path(), "utf8")).trimEnd().split("\r\n");
  assert.equal(table[0], "text,score,level,kind,times,line,client,time,imitates,mentions,mixed_script,popular,not_public,user_info,unwrapped_from,allowed_by,error,label,date");
  assert.deepEqual(table.slice(1).map((line) => line.match(/^("([^"]|"")*"|[^,]*)/)[0]),
    ["'=cmd!a1.com", "'@sum(1).com", "'+1.com", "'-1.com", "'＝1.com", "q.com/\\x3b=1+1", '"q.com/"",\\u202e"', "paypa1.net", "bad:host", "printer.local"]);
  assert.match(table[8], /^paypa1\.net,0\.90\d+,none,benign,2,9,,,paypal\.com,,,,,,,,,,$/);
  assert.match(table[10], /^printer\.local,0\.\d+,none,benign,1,12,,,,,,,local suffix,,,,,,$/);
  assert.match(table[9], /^bad:host,,,,1,11,,,,,,,,,,,"port ""host"" is not a number",,$/);
});

onPage("a file that cannot be read says why", {}, async (page) => {
  await choose(page, "empty.txt", "");
  await page.locator("#problem", { hasText: "There is nothing in it that looks like a name." }).waitFor();
  await choose(page, "book.xlsx", Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31) % 251)));
  await page.locator("#problem", { hasText: "The file cannot be read: it is no text" }).waitFor();
  await choose(page, "broken.gz", gzipSync("github.com\n".repeat(100)).subarray(0, 30));
  await page.locator("#problem", { hasText: "The file cannot be read" }).waitFor();
});

onPage("a browser that keeps nothing is enough", {}, async (page) => {
  await page.addInitScript(() => Object.defineProperty(window, "sessionStorage", { get() { throw new DOMException("denied", "SecurityError"); } }));
  await page.reload();
  await page.fill("#texts", "github.com");
  await page.locator("#result .chip").waitFor();
});

const pressed = (page) => page.locator(".say [aria-pressed=true]").evaluateAll((buttons) => buttons.map((button) => `${button.closest(".say").text} ${button.textContent}`));
const labelsOf = (page) => page.evaluate(() => localStorage.getItem("snowman-labels"));
const saying = (page, text, word) => page.getByRole("group", { name: `You say of ${text}` }).getByRole("button", { name: word });

onPage("what somebody says of a text stands in its row and its verdict, and can be taken back", { hash: linkTo("github.com", "vkqwzpxjtmhd.net", "bad:host", "printer.local") }, async (page) => {
  await loaded(page);
  assert.ok(await page.locator(".labels").isHidden(), "nothing was said yet");
  assert.equal(await page.locator(".say").count(), 2, "none for what has no score, or is no public name");
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await saying(page, "vkqwzpxjtmhd.net", "malicious").click();
  assert.deepEqual(await pressed(page), ["vkqwzpxjtmhd.net malicious"]);
  assert.equal(await page.locator("tr.opened").count(), 0, "the row stays closed");
  await saying(page, "github.com", "malicious").click();
  await saying(page, "github.com", "benign").click();
  assert.deepEqual(await pressed(page), ["vkqwzpxjtmhd.net malicious", "github.com benign"]);
  assert.equal(await page.locator(".labels strong").textContent(), "1 benign, 1 malicious");
  assert.match(await page.locator(".labels").textContent(), /kept in this browser, for this address/);
  assert.deepEqual(asked, [], "nothing is sent");
  assert.match(await labelsOf(page), /^\[\["vkqwzpxjtmhd\.net","malicious","\d{4}-\d\d-\d\d"\],\["github\.com","benign","[\d-]+"\]\]$/);
  await page.getByRole("button", { name: "vkqwzpxjtmhd.net" }).click();
  await page.locator("tr.opened .characters").waitFor();
  await page.locator("tr.opened .say").getByRole("button", { name: "malicious" }).click();
  assert.deepEqual(await pressed(page), ["github.com benign"]);
  await page.locator("tr.opened .say").getByRole("button", { name: "benign" }).click();
  assert.deepEqual(await pressed(page), ["vkqwzpxjtmhd.net benign", "vkqwzpxjtmhd.net benign", "github.com benign"]);
});

onPage("labels are given with the keyboard, while rows come in, too", { hash: linkTo("github.com", "vkqwzpxjtmhd.net") }, async (page) => {
  await loaded(page);
  await page.getByRole("button", { name: "vkqwzpxjtmhd.net" }).focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  assert.deepEqual(await pressed(page), ["vkqwzpxjtmhd.net malicious"]);
  const old = await page.locator("#rows tr").first().elementHandle();
  await page.evaluate(() => document.getElementById("filters").dispatchEvent(new Event("input"))); // asks for the rows again
  await page.waitForFunction((row) => !row.isConnected, old);
  assert.deepEqual(await pressed(page), ["vkqwzpxjtmhd.net malicious"]);
  await page.keyboard.press("Enter");
  assert.deepEqual(await pressed(page), [], "the button still has the focus");
});

onPage("labels outlive the page, are shared with another, and forgotten when that is confirmed", { hash: linkTo("github.com") }, async (page) => {
  await page.locator("#result .chip").waitFor();
  await saying(page, "github.com", "benign").click();
  await page.reload();
  await page.locator("#result .chip").waitFor();
  assert.deepEqual(await pressed(page), ["github.com benign"]);
  const other = await page.context().newPage();
  await other.goto(server.address + linkTo("vkqwzpxjtmhd.net"));
  await other.locator("#result .chip").waitFor();
  await saying(other, "vkqwzpxjtmhd.net", "malicious").click();
  await page.locator(".labels strong", { hasText: "1 benign, 1 malicious" }).waitFor();
  const forget = page.locator(".forget");
  await forget.click();
  assert.equal(await forget.textContent(), "Really forget 2?");
  await page.keyboard.press("Escape");
  assert.equal(await forget.textContent(), "Forget all");
  await page.keyboard.press("Enter");
  assert.equal(await forget.textContent(), "Really forget 2?");
  await page.keyboard.press("Tab");
  assert.equal(await forget.textContent(), "Forget all");
  assert.notEqual(await labelsOf(page), null);
  await forget.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  assert.ok(await page.locator(".labels").isHidden());
  assert.equal(await page.evaluate(() => document.activeElement.id), "texts");
  assert.equal(await labelsOf(page), null);
  await other.waitForFunction(() => document.querySelector(".labels").hidden);
  assert.deepEqual([...await pressed(page), ...await pressed(other)], []);
});

onPage("labels are downloaded as snowman label reads them", {}, async (page) => {
  const texts = ["github.com", "vkqwzpxjtmhd.net", "q.com/a;b\\x3b,\u202e\"=1", "-q.com"];
  await choose(page, "names.txt", texts.join("\n"));
  await loaded(page);
  for (const [i, word] of ["benign", "malicious", "malicious", "benign"].entries()) {
    await page.locator("#rows tr").filter({ has: page.locator("td:last-child", { hasText: String(i + 1) }) }).locator(".say").getByRole("button", { name: word }).click();
  }
  const today = new Date().toISOString().slice(0, 10);
  for (const [name, button, pattern] of [["snowman-labels.csv", "Download labels", /^'-q\.com,benign,[\d-]+$/m], ["snowman.csv", "Download as CSV", /^'-q\.com,[^,]+,[a-z]+,[a-z]+,1,4(,[^,]*){11},benign,[\d-]+$/m]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: button }).click()]);
    assert.equal(download.suggestedFilename(), name);
    assert.match((await readFile(await download.path(), "utf8")).replaceAll("\r", ""), pattern);
    const rows = execFileSync(join(folder, "snowman"), ["label", await download.path()], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    assert.deepEqual(rows.trimEnd().split("\n").map((row) => row.split("\t")), [
      ["text", "label", "kind", "family", "date"], ["-q.com", "0", "benign", "", today], ["github.com", "0", "benign", "", today],
      ["q.com/a;b/x3b,%E2%80%AE%22=1", "1", "", "", today], ["vkqwzpxjtmhd.net", "1", "", "", today],
    ]);
  }
});

onPage("there are not more labels than a browser keeps", { hash: linkTo("github.com") }, async (page) => {
  await page.evaluate(() => localStorage.setItem("snowman-labels", JSON.stringify(Array.from({ length: 10_000 }, (_, i) => [`name${i}.net`, "benign", "2026-11-28"]))));
  await page.reload();
  await page.locator("#result .chip").waitFor();
  await saying(page, "github.com", "malicious").click();
  await page.locator("#problem", { hasText: "There are 10,000 labels, and no room for more. Download them, and forget them here." }).waitFor();
  assert.deepEqual(await pressed(page), []);
  await page.evaluate(() => localStorage.setItem("other", "x".repeat(5_242_880 - localStorage.getItem("snowman-labels").length - 100)));
  await page.evaluate(() => localStorage.setItem("snowman-labels", "[]"));
  await page.evaluate(() => localStorage.setItem("more", "x".repeat(5_242_880 - localStorage.getItem("other").length - 40)));
  await saying(page, "github.com", "malicious").click();
  await page.locator("#problem", { hasText: "This browser keeps no more labels." }).waitFor();
  assert.deepEqual(await pressed(page), []);
});

onPage("what is kept under the name of the labels and is none is left alone until there is one", { hash: linkTo("github.com") }, async (page) => {
  for (const kept of ["{", "null", "7", '{"a":1}', '[1,null,[],["a.com"],["a.com","evil","2026-11-28"],["a.com","benign","<b>"],[{},"benign","2026-11-28"]]']) {
    await page.evaluate((kept) => localStorage.setItem("snowman-labels", kept), kept);
    await page.reload();
    await page.locator("#result .chip").waitFor();
    assert.ok(await page.locator(".labels").isHidden(), kept);
    assert.equal(await labelsOf(page), kept);
    await saying(page, "github.com", "benign").click();
    assert.equal(await page.locator(".labels strong").textContent(), "1 benign, 0 malicious");
  }
});

onPage("where a browser keeps nothing, labels live as long as the page", {}, async (page) => {
  await page.addInitScript(() => Object.defineProperty(window, "localStorage", { get() { throw new DOMException("denied", "SecurityError"); } }));
  await page.reload();
  await page.fill("#texts", "github.com");
  await page.locator("#result .chip").waitFor();
  await saying(page, "github.com", "benign").click();
  await page.fill("#texts", "vkqwzpxjtmhd.net");
  await page.locator("#result", { hasText: "vkqwzpxjtmhd" }).locator(".say").getByRole("button", { name: "malicious" }).click();
  assert.equal(await page.locator(".labels strong").textContent(), "1 benign, 1 malicious");
  assert.match(await page.locator(".labels").textContent(), /this browser keeps nothing: they are gone when you leave the page/);
});

onPage("of a file that breaks off, what was read is scored", {}, async (page) => {
  const many = Array.from({ length: 20_000 }, (_, i) => `name${i * 7919}.example\n`).join("");
  const whole = gzipSync("vkqwzpxjtmhd.net\n" + many);
  await choose(page, "broken.gz", whole.subarray(0, whole.length - 10_000));
  await page.locator("#problem", { hasText: "The file cannot be read" }).waitFor();
  const words = await page.locator("#range").textContent();
  const pace = await page.locator("#pace").textContent();
  assert.ok(pace.startsWith(`${words.split(" ").at(-1)} different names in `), `${words}, but ${pace}`);
});

/** Drops two files, the second when the first is open but not yet read. */
const dropTwo = (page, ...contents) => page.evaluate(async (contents) => {
  for (const content of contents) {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([content], "names.txt"));
    document.querySelector("main").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
    for (let i = 0; i < 10; i++) await null;
  }
}, contents);

onPage("a file that another replaces leaves nothing in its table", { hash: linkTo("github.com") }, async (page) => {
  await page.locator("#result .chip").waitFor(); // the model is known
  await dropTwo(page, "vkqwzpxjtmhd.net\n", "github.com\nvkqwzpxjtmhd.net\n");
  await loaded(page);
  assert.equal(await page.locator("#pace").textContent(), "2 different names in 2 lines");
  assert.deepEqual(await names(page), ["vkqwzpxjtmhd.net", "github.com"]);
});

onPage("columns are shown as text, whatever they are called", {}, async (page) => {
  await choose(page, "export.csv", `domain,\u202egpj\u200b,${"w".repeat(5000)}\ngithub.com,a.com,b.com\n`);
  await loaded(page);
  assert.deepEqual(await page.locator("#column option").allTextContents(), ["domain", "\\u202egpj\\u200b", "w".repeat(80)]);
  await page.selectOption("#column", { index: 1 });
  await page.locator("#rows", { hasText: "a.com" }).waitFor();
});

onPage("what has the focus in an open row keeps it while rows come in", { hash: linkTo("github.com", "vkqwzpxjtmhd.net") }, async (page) => {
  await loaded(page);
  await page.getByRole("button", { name: "vkqwzpxjtmhd.net" }).click();
  const ngram = page.locator("tr.opened .ngrams button").first();
  await ngram.focus();
  const old = await page.locator("#rows tr").first().elementHandle();
  await page.evaluate(() => document.getElementById("filters").dispatchEvent(new Event("input"))); // asks for the rows again
  await page.waitForFunction((row) => !row.isConnected, old);
  assert.ok(await ngram.evaluate((button) => button === document.activeElement));
});

onPage("a refusal that is not the service's own is told of", { allowed: /502/ }, async (page) => {
  await page.route("**/v1/score", (route) => route.fulfill({ status: 502, json: { message: "bad gateway" } }));
  await page.fill("#texts", "github.com");
  await page.locator("#problem", { hasText: "The server answered 502." }).waitFor();
});

onPage("a link that is dropped beside the field is not visited", {}, async (page) => {
  const prevented = await page.evaluate(() => ["main", "#texts", "#contains"].map((place) => ["dragover", "drop"].map((type) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData("text/uri-list", "http://malicious.example/");
    return !document.querySelector(place).dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
  })));
  assert.deepEqual(prevented, [[true, true], [false, false], [false, false]]);
});

onPage("the end of a file says nothing of the next one", {}, async (page) => {
  await page.addInitScript(() => { // holds back the first message done
    window.held = [];
    window.Worker = class extends Worker {
      set onmessage(hear) {
        this.addEventListener("message", (event) => (event.data.done ? window.held.push(() => hear(event)) : hear(event)));
      }
    };
  });
  await page.reload();
  await choose(page, "one.txt", "vkqwzpxjtmhd.net\n");
  await page.locator("#rows", { hasText: "vkqwzpxjtmhd.net" }).waitFor();
  await page.waitForFunction(() => window.held.length === 1);
  await page.route("**/v1/logs?*", () => {}); // never answered
  await choose(page, "other.txt", "github.com\n");
  await page.evaluate(() => window.held[0]());
  assert.equal(await page.locator("#status").textContent(), "");
  assert.ok(await page.getByRole("button", { name: "Stop" }).isVisible());
});

test("a server that wants a key is given one", { timeout: 60_000 }, async (t) => {
  await writeFile(join(folder, "keys.txt"), "analyst 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n"); // of "secret"
  const locked = await serve("-keys", join(folder, "keys.txt"));
  t.after(locked.stop);
  const { page, close } = await open(browser, locked.address, { hash: linkTo("github.com") });
  t.after(close);
  const key = page.getByLabel("This server wants an API key");
  await key.fill("wrong");
  await page.keyboard.press("Enter");
  await page.locator("#problem", { hasText: "the API key is unknown" }).waitFor();
  await key.fill("sec\u200bret"); // as copied from a web page
  await page.keyboard.press("Enter");
  await page.locator("#problem", { hasText: "no API key has such characters" }).waitFor();
  await key.fill("secret");
  await page.keyboard.press("Enter");
  await page.locator("#result .chip").waitFor();
  assert.ok(await key.isHidden());
  assert.equal(await page.evaluate(() => document.activeElement.id), "texts");
  await page.reload();
  await page.locator("#result .chip").waitFor();
});

test("a server that is busy is asked again, one that is gone is told of", { timeout: 60_000 }, async (t) => {
  const slow = await serve("-rate", "0.5");
  t.after(slow.stop);
  const { page, close } = await open(browser, slow.address);
  t.after(close);
  await page.setInputFiles("#file", { name: "names.txt", mimeType: "", buffer: Buffer.from(Array.from({ length: 17_000 }, (_, i) => `${i}.example\n`).join("")) });
  await loaded(page);
  assert.equal(await page.locator("#pace").textContent(), "17,000 different names in 17,000 lines");
  assert.ok(slow.log.some((line) => line.includes('"code":429')), "some requests were refused");
  await slow.stop();
  await page.fill("#texts", "github.com");
  await page.locator("#problem", { hasText: "The server does not answer." }).waitFor();
});

for (const [name, options, reach] of [
  ["before anything is asked", {}, async () => {}],
  ["a verdict", { hash: linkTo("https://paypal-login-secure.com/a?id=1#x") }, async (page) => page.locator("#result .chip").waitFor()],
  ["a generated name", { hash: linkTo("vkqwzpxjtmhd.net") }, async (page) => page.locator("#result .chip").waitFor()],
  ["what is no public name", { hash: linkTo("https://me@vkqwzpxjtmhd.local/login") }, async (page) => page.locator("#result .chip").waitFor()],
  ["a table with an open row", { hash: linkTo("github.com", "vkqwzpxjtmhd.net", "paypa1.net", "zis32msdi3.com", "bad:host", "10.0.0.1") }, async (page) => {
    await loaded(page);
    await page.getByRole("button", { name: "vkqwzpxjtmhd.net" }).click();
    await page.locator("tr.opened .characters").waitFor();
  }],
  ["labels", { hash: linkTo("github.com", "vkqwzpxjtmhd.net", "paypa1.net") }, async (page) => {
    await loaded(page);
    await saying(page, "github.com", "benign").click();
    await saying(page, "vkqwzpxjtmhd.net", "malicious").click();
    await page.getByRole("button", { name: "github.com" }).click();
    await page.locator("tr.opened .characters").waitFor();
    await page.locator(".forget").click();
  }],
  ["a log", {}, async (page) => {
    await choose(page, "dns.log", zeek);
    await loaded(page);
  }],
  ["a problem", { hash: linkTo("bad:host") }, async (page) => page.locator("#result .problem").waitFor()],
  ["the model", { hash: "card" }, async (page) => page.locator("main.document").waitFor()],
]) {
  for (const [look, emulated] of [["light", {}], ["dark", { colorScheme: "dark" }], ["phone", { viewport: { width: 390, height: 844 } }]]) {
    onPage(`axe-core finds nothing: ${name}, ${look}`, { ...options, ...emulated }, async (page) => {
      await reach(page);
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html + " " + node.failureSummary).join("; ")}`), []);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it fits the width");
    });
  }
}
