// Formats of files: which one a file has, and the names in each of its lines.

import { isAddress, isURL, looksLikeAName, namesIn } from "./names.js";

/** The number of columns that the page offers. */
export const mostColumns = 1000;

const longestRecord = 65_536; // characters of a record whose quotes are open
const longestColumn = 200, deepest = 30; // of JSON, where the author of a file chooses both

/**
 * Returns the format of a file, by its first lines. A format has a name, the columns that may hold
 * names, the column that does, and names(line), which returns the names in one line.
 */
export function recognise(first) {
  const sample = first.filter((line) => line !== "").slice(0, 50);
  if (sample.some((line) => line.startsWith("#fields"))) return new Zeek(sample);
  if (sample.length > 0 && sample.every((line) => line.startsWith("{"))) return new JSONLines(sample);
  const records = sample.filter((line) => !line.startsWith("#"));
  const delimiter = ["\t", ",", ";"].find((delimiter) => isTable(records.map((line) => cells(line, delimiter) ?? [])));
  return delimiter ? new CSV(records, delimiter) : new Lines();
}

/** Says whether rows are a table, rather than sentences or URLs with commas. */
function isTable([header, ...others]) {
  if (!(header?.length > 1) || others.length === 0) return false;
  const alike = others.filter((row) => row.length === header.length).length / others.length;
  if (isHeader(header)) return alike >= 0.6; // records below it may have several lines
  return alike === 1 && !header[1].startsWith(" ") && !isURL.test(header[0]) && ![header, ...others].flat().every(looksLikeAName);
}

// Names of columns that hold names, the likeliest first.
const usual = [
  "query", "dns.question.name", "query_name", "qname", "server_name", "url", "url.full", "uri", "fqdn", "domain", "domain_name",
  "hostname", "host", "indicator", "ioc", "name", "site", "address", "text",
];

// Words in the names of such columns, such as RemoteUrl.
const telling = ["query", "fqdn", "domain", "url", "uri", "sni", "hostname", "host", "dns", "indicator", "ioc"];

/**
 * Returns the column that holds names: by its own name, or else the one with the most values that
 * look like names.
 */
function likeliest(columns, rows) {
  const isLike = (value) => looksLikeAName(value) || isAddress.test(value);
  const like = columns.map((_, i) => new Set(rows.map((row) => row[i]?.trim() ?? "").filter(isLike)).size);
  for (const name of usual) {
    const found = columns.findIndex((column, i) => column.toLowerCase() === name && (like[i] > 0 || rows.length === 0));
    if (found >= 0) return columns[found];
  }
  for (const word of telling) {
    const found = columns.findIndex((column, i) => like[i] > 0 && wordsOf(column).includes(word));
    if (found >= 0) return columns[found];
  }
  return columns[like.indexOf(Math.max(...like))] ?? "";
}

function wordsOf(column) {
  return column.replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2").toLowerCase().split(/[^\p{L}\d]+/u);
}

/** Says whether a row names its columns. */
function isHeader(row) {
  return row.some((cell) => usual.includes(cell.trim().toLowerCase())) ||
    row.every((cell) => cell !== "" && !/^[\d.:]+$|:\/\/|\[\.\]/.test(cell) && !looksLikeAName(cell));
}

class Lines {
  name = "list";
  columns = [];
  column = "";
  #atStart = true; // a line may describe the others here

  names(line) {
    const names = namesIn(line.replace(/(^|\s)#.*/, ""));
    const isHeading = this.#atStart && names.length === 1 && usual.includes(names[0].toLowerCase());
    this.#atStart &&= names.length === 0;
    return isHeading ? [] : names;
  }
}

/** Zeek's logs in its own format. */
class Zeek {
  name = "Zeek log";

  constructor(sample) {
    this.separator = "\t";
    for (const line of sample) this.#header(line);
    this.columns = this.fields.includes("host") && this.fields.includes("uri") ? ["host and uri", ...this.fields] : this.fields;
    this.column = this.columns[0] === "host and uri" ? this.columns[0] : likeliest(this.fields, sample.filter((line) => !line.startsWith("#")).map((line) => line.split(this.separator)));
  }

  #header(line) {
    if (line.startsWith("#separator ")) {
      this.separator = line.slice("#separator ".length).replace(/\\x([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(parseInt(code, 16)));
    } else if (line.startsWith("#fields")) {
      this.fields = line.split(this.separator).slice(1);
    }
  }

  names(line) {
    if (line.startsWith("#")) {
      this.#header(line);
      return [];
    }
    const row = line.split(this.separator);
    const value = (column) => {
      const found = row[this.fields.indexOf(column)];
      return found === undefined || found === "-" || found === "(empty)" ? "" : found;
    };
    const name = this.column === "host and uri" ? together(value("host"), value("uri")) : value(this.column);
    return name ? [name] : [];
  }
}

const suricata = "names of all events";

/** One JSON object in each line: Suricata's eve.json, Zeek's JSON logs, and others. */
class JSONLines {
  constructor(sample) {
    const records = sample.map(parsed).filter(Boolean);
    const found = records.map((record) => new Map(leaves(record)));
    const columns = new Set(found.flatMap((strings) => [...strings.keys()]).slice(0, mostColumns));
    const isEVE = records.some((record) => typeof record.event_type === "string");
    this.name = isEVE ? "Suricata EVE" : "JSON lines";
    this.columns = [...columns];
    if (isEVE) this.columns.unshift(suricata);
    else if (columns.has("host") && columns.has("uri")) this.columns.unshift("host and uri");
    this.column = isEVE || this.columns[0] === "host and uri" ? this.columns[0]
      : likeliest(this.columns, found.map((strings) => this.columns.map((column) => strings.get(column))));
  }

  names(line) {
    if (line.trim() === "") return [];
    const record = parsed(line);
    if (!record) return [line]; // the server says what is wrong with it
    if (this.column === suricata) return eveNames(record);
    if (this.column === "host and uri") {
      const [uri] = at(record, "uri");
      return at(record, "host").map((host) => together(host, uri));
    }
    return at(record, this.column);
  }
}

function parsed(line) {
  try {
    const value = JSON.parse(line);
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/** Returns the strings in a record by their paths, such as dns.queries.rrname. */
function leaves(value, path = "", depth = 0) {
  if (path.length > longestColumn || depth > deepest) return [];
  if (typeof value === "string") return [[path, value]];
  if (Array.isArray(value)) return value.slice(0, 10).flatMap((element) => leaves(element, path, depth + 1));
  if (!value || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, path ? `${path}.${key}` : key, depth + 1));
}

/** Returns the strings at a path, in all elements of arrays on the way. */
function at(value, path, depth = 0) {
  if (depth > deepest) return [];
  if (Array.isArray(value)) return value.flatMap((element) => at(element, path, depth + 1));
  if (path === "") return typeof value === "string" && value !== "" ? [value] : [];
  if (!value || typeof value !== "object") return [];
  const member = (key, rest) => (Object.hasOwn(value, key) ? at(value[key], rest, depth + 1) : []);
  const strings = member(path, "");
  // A key may have dots itself, as id.orig_h has in Zeek's logs.
  for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) {
    strings.push(...member(path.slice(0, dot), path.slice(dot + 1)));
  }
  return strings;
}

/** Returns the URL of a request. A request to a proxy names the host in it. */
function together(host, uri) {
  return uri?.startsWith("/") ? host && host + uri : uri || host;
}

/**
 * Returns the names of one event: names that DNS was asked for (not its answers), and those of TLS
 * and HTTP.
 */
function eveNames(event) {
  const names = [...at(event, "tls.sni"), ...at(event, "quic.sni")];
  if (event.dns && event.dns.type !== "answer" && event.dns.type !== "response") {
    const queries = at(event, "dns.queries.rrname");
    names.push(...(queries.length > 0 ? queries : at(event, "dns.rrname")));
  }
  const [url] = at(event, "http.url");
  for (const host of at(event, "http.hostname")) {
    names.push(together(host, url));
  }
  return names;
}

class CSV {
  name = "CSV";
  #unfinished = []; // the lines of a record whose quotes are still open
  #length = 0; // their characters
  #begun; // their cells

  constructor(sample, delimiter) {
    this.delimiter = delimiter;
    const rows = sample.map((line) => cells(line, delimiter) ?? []);
    const hasHeader = isHeader(rows[0]);
    this.columns = rows[0].map((cell, i) => (hasHeader ? cell.trim() : `column ${i + 1}`));
    this.columns = this.columns.map((column, i) => (this.columns.indexOf(column) === i ? column : `${column} (${i + 1})`));
    this.column = likeliest(this.columns, rows.slice(hasHeader ? 1 : 0));
    this.header = hasHeader ? sample[0] : null;
  }

  names(line) {
    if (this.#unfinished.length === 0) {
      if (line === this.header || line.startsWith("#")) return [];
      this.#begun = begin();
      this.#length = 0;
    }
    this.#unfinished.push(line);
    this.#length += line.length + 1;
    const row = cells(line, this.delimiter, this.#begun);
    if (!row && this.#length <= longestRecord) return [];
    const unfinished = this.#unfinished;
    this.#unfinished = [];
    return row ? this.#name(row) : this.#unquoted(unfinished);
  }

  /** Returns the names in what is left when there are no more lines. */
  end() {
    return this.#unquoted(this.#unfinished);
  }

  /** Reads a record whose quotes never close as one record for each line. */
  #unquoted(lines) {
    return lines.flatMap((line) => this.#name(line.split(this.delimiter)));
  }

  #name(row) {
    const name = row[this.columns.indexOf(this.column)]?.trim();
    return name ? [name] : [];
  }
}

const begin = () => ({ row: [], open: null });

/**
 * Cuts a record into its cells (RFC 4180). Returns null if a quote is still open: the next line
 * continues what was begun.
 */
function cells(line, delimiter, begun = begin()) {
  if (begun.open === null && !line.includes('"')) return line.split(delimiter);
  let quoted = begun.open;
  for (let i = 0; ;) {
    if (quoted === null && line[i] === '"') {
      quoted = "";
      i++;
    }
    while (quoted !== null) {
      const end = line.indexOf('"', i);
      if (end < 0) {
        begun.open = quoted + line.slice(i) + "\n";
        return null;
      }
      quoted += line.slice(i, end);
      i = end + 1;
      if (line[i] !== '"') break;
      quoted += '"';
      i++;
    }
    const end = line.indexOf(delimiter, i);
    begun.row.push((quoted ?? "") + (end < 0 ? line.slice(i) : line.slice(i, end)));
    if (end < 0) return begun.row;
    quoted = null;
    i = end + 1;
  }
}
