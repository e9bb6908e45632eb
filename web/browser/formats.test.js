// Which formats files are taken for, and which names are read from them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";

import { recognise } from "../page/formats.js";
import { lines } from "../page/lines.js";
import { Rows } from "../page/rows.js";

/** Returns a file's format and its names, as the page reads them. */
async function read(content, column) {
  let format = null;
  const names = [];
  for await (const some of lines([content].flat().map((part) => new Blob([part])))) {
    format ??= recognise(some);
    if (column) format.column = column;
    for (const line of some) names.push(...format.names(line));
  }
  names.push(...(format?.end?.() ?? []));
  return { format: format?.name, column: format?.column, names };
}

const json = (...records) => records.map((record) => JSON.stringify(record) + "\n").join("");

for (const [name, content, format, column, names] of [
  ["a list", "a.com\r\n\n  b.com \n# comment\nc.com", "list", "", ["a.com", "b.com", "c.com"]],
  ["a list of URLs with commas", "http://a.com/x,y\nhttp://b.com/\n", "list", "", ["http://a.com/x,y", "http://b.com/"]],
  ["a sentence", "See hxxps://evil[.]com/login, for details.\n(also <b.com>, or 'c.com').\n", "list", "", ["hxxps://evil[.]com/login", "b.com", "c.com"]],
  ["names on one line", "a.com, b.com c.com;d.com\n192.0.2.1 192.0.2.2\n", "list", "", ["a.com", "b.com", "c.com", "d.com", "192.0.2.1", "192.0.2.2"]],
  ["a hosts file", "127.0.0.1 localhost\n0.0.0.0 a.com b.com # note\n", "list", "", ["a.com", "b.com"]],
  ["an array in JSON", '[\n  "a.com",\n  "b.com"\n]\n', "list", "", ["a.com", "b.com"]],
  ["BIND's query log", "22-Nov-2026 10:00:00.123 queries: info: client @0x7f 10.0.0.5#53124 (a.com): query: a.com IN A + (10.0.0.1)\n", "list", "", ["a.com", "a.com"]],
  ["dnsmasq's log", "Nov 22 10:00:00 dnsmasq[123]: query[A] a.com from 10.0.0.5\n", "list", "", ["a.com"]],
  ["Squid's access.log", "1700000000.123    45 10.0.0.5 TCP_MISS/200 1234 GET http://a.com/x - HIER_DIRECT/192.0.2.1 text/html\n1700000000.123 45 10.0.0.5 TCP_TUNNEL/200 99 CONNECT b.com:443 - HIER_DIRECT/192.0.2.1 -\n", "list", "", ["http://a.com/x", "b.com:443"]],
  ["a heading", "domain\na.com\ndomain\n", "list", "", ["a.com", "domain"]],
  ["what is no name", "two words\nbad:host\n", "list", "", ["bad:host"]],
  ["values with their names", "date=2026-11-22 hostname=\"a.com\" request=https://b.com/?x=c.com path=/d.html type=text/e.f\n", "list", "", ["a.com", "https://b.com/?x=c.com"]],
  ["links in Markdown", "* [evil](https://a.com/x)\n", "list", "", ["https://a.com/x"]],
  ["a JSON array on one line", '["a.com","b.com"]\n', "list", "", ["a.com", "b.com"]],
  ["records that are no table", "1;a.com;bob\n2;b.com\n", "list", "", ["a.com", "b.com"]],
  ["comments above a table", '# made 2026-11-22\n# id,date,url,status\n"1","2026-11-22 10:00","http://192.0.2.1/i","online"\n"2","2026-11-22 11:00","http://a.com/i","offline"\n', "CSV", "column 3", ["http://192.0.2.1/i", "http://a.com/i"]],
  ["a column whose heading says one thing and its values another", "Host,Requested domain\nPC-01,a.com\nPC-02,b.com\n", "CSV", "Requested domain", ["a.com", "b.com"]],
  ["spaces behind commas", "id, domain, owner\n1, a.com, bob\n2, b.com, eve\n", "CSV", "domain", ["a.com", "b.com"]],
  ["Zeek's http.log of a proxy", "#fields\tts\thost\turi\n1\ta.com\thttp://a.com/x\n2\tb.com:443\tb.com:443\n", "Zeek log", "host and uri", ["http://a.com/x", "b.com:443"]],
  ["signs around a name", '"a.com",\n<https://b.com/x>\nhttps://c.com/x_(y)\n((((((((((((d.com\n[::1]\n', "list", "", ["a.com", "https://b.com/x", "https://c.com/x_(y)", "((((((((((((d.com", "[::1]"]],
  ["a table whose columns have words in their names", "TimeGenerated,DeviceName,RemoteUrl\n1,host0.corp.local,a.com\n2,host0.corp.local,b.com\n", "CSV", "RemoteUrl", ["a.com", "b.com"]],
  ["a table whose columns say nothing", "when,where,what\n1,host0.corp.local,a.com\n2,host0.corp.local,b.com\n", "CSV", "what", ["a.com", "b.com"]],
  ["Suricata's events that begin with statistics", json(...Array(60).fill({ timestamp: "2026-11-22T10:00:00.1Z", event_type: "stats", stats: {} })) + json({ event_type: "dns", dns: { type: "query", rrname: "a.com" } }), "Suricata EVE", "names of all events", ["a.com"]],
  ["several files", ["a.com", "b.com\n", Buffer.from("\ufeffc.com\r\n", "utf16le"), gzipSync("d.com\n"), gzipSync("e.com\n"), ""], "list", "", ["a.com", "b.com", "c.com", "d.com", "e.com"]],
  ["several tables, each with its header", ["\ufeffid,Domain\n1,a.com\n", "\ufeffid,Domain\n2,b.com\n"], "CSV", "Domain", ["a.com", "b.com"]],
  ["a table without a last line end", "id,domain\n7,a.com", "CSV", "domain", ["a.com"]],
  ["a table whose columns look like names", '"@timestamp","host.name","dns.question.name"\n1,host0.corp.local,a.com\n2,host0.corp.local,b.com\n', "CSV", "dns.question.name", ["a.com", "b.com"]],
  ["a table with an index", ",domain,label\n0,a.com,1\n1,b.com,0\n", "CSV", "domain", ["a.com", "b.com"]],
  ["names side by side, no table", "a.com,b.com\nc.com,d.com\n", "list", "", ["a.com", "b.com", "c.com", "d.com"]],
  ["URLs each with a comma", "http://a.com/x,y\nhttp://b.com/x,y\n", "list", "", ["http://a.com/x,y", "http://b.com/x,y"]],
  ["JSON without a string", '{"a":1}\n{"a":2}\n', "JSON lines", "", []],
  ["comments behind names", "0.0.0.0 a.com # from c.com\n  # only d.com\nb.com/#e\n", "list", "", ["a.com", "b.com/#e"]],
  ["Zeek's x509.log", "#fields\tts\tsan.dns\n1\ta.com\n2\tb.com\n", "Zeek log", "san.dns", ["a.com", "b.com"]],
  ["one name", "a.com", "list", "", ["a.com"]],
  ["UTF-16 as Windows writes it", Buffer.from("\ufeffbücher.de\r\nb.com\r\n", "utf16le"), "list", "", ["bücher.de", "b.com"]],
  ["UTF-8 with a mark", "\ufeffa.com\n", "list", "", ["a.com"]],
  ["gzip", gzipSync("a.com\nb.com\n"), "list", "", ["a.com", "b.com"]],
  ["CSV with a header", "id,Domain\n1,a.com\n2,b.com\n", "CSV", "Domain", ["a.com", "b.com"]],
  ["CSV without one", "1,a.com\n2,b.com\n", "CSV", "column 2", ["a.com", "b.com"]],
  ["semicolons, as spreadsheets in much of Europe have", "rank;site\n1;a.com\n2;b.com\n", "CSV", "site", ["a.com", "b.com"]],
  ["tabs", "url\tlabel\na.com/x\t1\n", "CSV", "url", ["a.com/x"]],
  ["quotation marks", 'url,note\n"a.com/x,y","say ""hi"""\nb.com,c\n', "CSV", "url", ["a.com/x,y", "b.com"]],
  ["a record of several lines", 'note,url\n"two\nlines",a.com\nc,b.com\n', "CSV", "url", ["a.com", "b.com"]],
  ["a quotation mark that never closes", 'url,note\na.com,x\n"b.com,x\nc.com,y\n', "CSV", "url", ["a.com", '"b.com', "c.com"]],
  ["quotes over several lines and cells", 'note,more,url\n"one ""two""\n\n""three""","four\nfive"six,a.com\n' + 'c,"d",b.com\n'.repeat(9), "CSV", "url", ["a.com", ...Array(9).fill("b.com")]],
  ["columns of one name", "host,host\na.com,b.com\n", "CSV", "host", ["a.com"]],
  ["Zeek's dns.log", "#separator \\x09\n#fields\tts\tquery\n#types\ttime\tstring\n1\ta.com\n2\t-\n3\t(empty)\n4\tb.com\n#close\tx\n", "Zeek log", "query", ["a.com", "b.com"]],
  ["Zeek's http.log", "#separator \\x09\n#fields\tts\thost\turi\n1\ta.com\t/x\n2\tb.com\t-\n3\t-\t/y\n", "Zeek log", "host and uri", ["a.com/x", "b.com"]],
  ["Zeek's log with fields that change", "#fields\tts\tquery\n1\ta.com\n#fields\tquery\tts\nb.com\t2\n", "Zeek log", "query", ["a.com", "b.com"]],
  ["Zeek with another separator", "#separator \\x2c\n#fields,ts,query\n1,a.com\n", "Zeek log", "query", ["a.com"]],
  ["Zeek in JSON", json({ ts: 1, "id.orig_h": "10.0.0.1", query: "a.com" }, { ts: 2, query: "b.com" }), "JSON lines", "query", ["a.com", "b.com"]],
  ["Zeek's http.log in JSON", json({ host: "a.com", uri: "/x" }, { host: "b.com" }), "JSON lines", "host and uri", ["a.com/x", "b.com"]],
  ["Suricata 7", json({ flow_id: 1, event_type: "dns", dns: { type: "query", rrname: "a.com" } }, { flow_id: 1, event_type: "dns", dns: { type: "answer", rrname: "a.com" } }), "Suricata EVE", "names of all events", ["a.com"]],
  ["Suricata 8", json({ flow_id: 1, event_type: "dns", dns: { version: 3, type: "request", queries: [{ rrname: "a.com" }, { rrname: "b.com" }] } }, { flow_id: 1, event_type: "dns", dns: { version: 3, type: "response", queries: [{ rrname: "a.com" }] } }), "Suricata EVE", "names of all events", ["a.com", "b.com"]],
  ["Suricata's TLS and HTTP", json({ flow_id: 1, event_type: "tls", tls: { sni: "a.com" } }, { flow_id: 2, event_type: "http", http: { hostname: "b.com", url: "/x" } }, { flow_id: 3, event_type: "http", http: { hostname: "b.com", url: "http://b.com/y" } }, { flow_id: 4, event_type: "flow" }), "Suricata EVE", "names of all events", ["a.com", "b.com/x", "http://b.com/y"]],
  ["Route 53's query log", json({ version: "1.1", query_name: "a.com.", srcaddr: "10.0.0.1" }), "JSON lines", "query_name", ["a.com."]],
  ["ECS", json({ "@timestamp": "x", dns: { question: { name: "a.com" } } }), "JSON lines", "dns.question.name", ["a.com"]],
  ["JSON with keys that nobody knows", json({ when: "x", seen: "a.com" }, { when: "y", seen: "b.com" }), "JSON lines", "seen", ["a.com", "b.com"]],
  ["a line of JSON that is broken costs only itself", json({ query: "a.com" }).repeat(60) + "{\n" + json({ query: "b.com" }), "JSON lines", "query", [...Array(60).fill("a.com"), "{", "b.com"]],
  ["nothing", "", undefined, undefined, []],
  ["nothing but comments", "# a\n# b\n", "list", "", []],
]) {
  test(name, async () => assert.deepEqual(await read(content), { format, column, names }));
}

test("keys that objects have anyway are keys", async () => {
  const { names } = await read('{"__proto__":"a.com"}\n{"constructor":{"prototype":"b.com"}}\n{"query":"c.com"}\n', "__proto__");
  assert.deepEqual(names, ["a.com"]);
});

test("a column is chosen", async () => {
  assert.deepEqual((await read("domain,referrer\na.com,b.com\n", "referrer")).names, ["b.com"]);
});

// Each of these would take hours if the time were not proportional to the length.
const long = 60_000;
const keys = (count, prefix) => Object.fromEntries(Array.from({ length: count }, (_, i) => [prefix + i, "a"]));
for (const [name, content, format, count] of [
  ["letters and then dots", "id," + "a".repeat(long / 2) + ".".repeat(long / 2) + "\n1,a.com\n", "CSV", 1],
  ["quotes that each line closes and opens", "url,note\n" + "a.com,b\n".repeat(60) + `"\n${'","\n'.repeat(16_000)}`.repeat(100), "CSV", 800_060],
  ["thousands of keys, others in each record", json(...Array.from({ length: 50 }, (_, i) => keys(3000, `${i}_`))), "JSON lines", 1],
  ["lists of hosts and of paths", json(...Array(20).fill({ flow_id: 1, event_type: "http", http: { hostname: Array(8000).fill("a"), url: Array(8000).fill("/") } })), "Suricata EVE", 160_000],
  ["lists within lists", json({ query: "a.com" }) + `{"query":${"[".repeat(long / 2)}${"]".repeat(long / 2)}}\n` + json({ query: "b.com" }), "JSON lines", 2],
  ["objects within objects", '{"a":'.repeat(long / 8) + '"a.com"' + "}".repeat(long / 8) + "\n" + json({ query: "b.com" }), "JSON lines", 1],
]) {
  test(`a hostile file is read: ${name}`, async () => {
    const { format: found, names } = await read(content);
    assert.deepEqual([found, names.length], [format, count]);
  });
}

test("of a line without an end, only the beginning is kept", async () => {
  const { names } = await read("a.com\n" + "x".repeat(5_000_000) + "\nb.com\n");
  assert.deepEqual(names.map((name) => name.length), [5, (1 << 20) + 1, 5]);
});

test("reading ends when it is stopped, also within a line without an end", async () => {
  const stopping = new AbortController();
  let chunks = 0;
  const endless = {
    slice: () => new Blob(["xx"]),
    stream: () => new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode("x".repeat(1000)));
        if (++chunks === 1000) stopping.abort();
      },
    }),
  };
  for await (const some of lines([endless], stopping.signal)) assert.equal(some.length, 1);
  assert.ok(chunks >= 1000);
});

test("lines are the same wherever the file is cut, long ones too", async () => {
  const many = Array.from({ length: 50_000 }, (_, i) => `${i}.example.com${i % 10_000 === 0 ? "/" + "x".repeat(100_000) : ""}`);
  assert.deepEqual((await read(many.join("\r\n"))).names, many);
});

test("a short gzip may be long", async () => {
  const { names } = await read(gzipSync("a.com\n" + "\n".repeat(30_000_000) + "b.com"));
  assert.deepEqual(names, ["a.com", "b.com"]);
});

test("of the lines of a file, a table keeps the names only", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const rows = new Rows(), megabytes = 100;
  let made = 0;
  const file = {
    slice: () => new Blob(["ur"]),
    stream: () => new ReadableStream({
      pull(controller) {
        const start = made === 0 ? "url,note\n" : "";
        controller.enqueue(new TextEncoder().encode(`${start}a-name-of-some-length-${made}.example,${"x".repeat(10_000)}\n`));
        if (++made === 100 * megabytes) controller.close();
      },
    }),
  };
  let format = null;
  for await (const some of lines([file])) {
    format ??= recognise(some);
    for (const line of some) for (const name of format.names(line)) rows.add(name, 1);
  }
  collect();
  assert.equal(rows.length, 100 * megabytes);
  assert.ok(process.memoryUsage().heapUsed < megabytes * 500_000);
});
