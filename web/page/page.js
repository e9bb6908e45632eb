import { download, element, foreign } from "./dom.js";
import { Labels, buttons, refresh, summary } from "./labels.js";
import { Model } from "./model.js";
import { result } from "./result.js";
import { KeyNeeded, Service } from "./service.js";
import { Table } from "./table.js";
import { visible } from "./visible.js";

const part = (id) => document.getElementById(id);
const field = part("texts");

const keyName = "snowman-api-key";
const longestPaste = 100_000; // characters; a longer text becomes a file
const longestLink = 8_000;
const noName = "There is nothing in it that looks like a name.";
const typingPause = 200, modelLife = 60_000; // milliseconds

let service = new Service(keptKey());
let model = null, modelAge = 0; // when it was asked for
let asking = null; // aborts the current request
let again = () => {}; // repeats it
let typing = 0; // timer: the field is read when typing pauses

const labels = new Labels(showLabels);
const labelled = summary(labels, download);
const sayOf = (text) => buttons(labels, text, fail);

const table = new Table({ explain: explainRow, say: sayOf, labels: () => labels.entries(), done: tableDone, reread: (files, column) => openTable(files, location.hash, column) });

/** Answers what is in the field: one text with its reasons, several as a table. */
async function answer() {
  const lines = field.value.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const isTable = lines.length > 1 || lines[0]?.startsWith("{"); // an event of a log
  if (isTable) {
    openTable([new File([field.value], "")], link(lines));
    return;
  }
  const question = begin(answer);
  if (lines.length === 0) {
    table.close();
    show("examples", true);
    show("result", false);
    remember("");
    return;
  }
  try {
    const names = await service.namesIn(lines[0], question.signal);
    if (names.length > 1) {
      openTable([new File([names.join("\n")], "")], link(lines));
      return;
    }
    const texts = names.length > 0 ? names : lines; // the service reads more, or says what it is
    table.close();
    show("examples", false);
    await knowModel();
    const explained = await service.explain(texts[0], question.signal);
    remember(link(lines));
    const shown = result(explained, model, addressOf(link(texts)), sayOf);
    part("result").replaceChildren(shown);
    show("result", true);
    say([...shown.querySelectorAll(".level > *, .oddities > *, .problem")].map((said) => said.textContent).join(", "));
  } catch (problem) {
    if (problem.name !== "AbortError") show("result", false); // it shows the text before
    fail(problem);
  }
}

/** Shows the names of files as a table. */
async function openTable(files, fragment = "", column) {
  const question = begin(() => openTable(files, fragment, column));
  show("result", false);
  show("examples", false);
  remember(fragment);
  try {
    await knowModel();
    if (question.signal.aborted) return;
    table.open(files, service.key, model, column);
  } catch (problem) {
    fail(problem);
  }
}

/** Shows the names of files instead of what was typed. */
function openFiles(files) {
  if (files.length === 0) return;
  field.value = "";
  fit();
  openTable([...files]);
}

async function explainRow(text) {
  try {
    return result(await service.explain(text), model, addressOf(link([text])), sayOf);
  } catch (problem) {
    if (problem instanceof KeyNeeded) fail(problem);
    return element("p", { class: "problem" }, foreign(problem.message));
  }
}

function tableDone({ stopped, empty, full, problem, keyNeeded }) {
  if (keyNeeded) fail(new KeyNeeded(problem));
  else if (problem) fail(new Error(problem));
  else if (stopped) say("Stopped.");
  else if (empty) say(noName, true);
  else if (full) say("There are more names than a page can hold; snowman score takes any number.", true);
  else say(`All done: ${part("pace").textContent}.`);
}

/** Shows what somebody says of texts, wherever it stands. */
function showLabels() {
  const hadFocus = labelled.shown.contains(document.activeElement);
  labelled.update();
  if (hadFocus && labelled.shown.hidden) field.focus(); // what had it is hidden now
  refresh(document, labels);
}

function begin(question) {
  asking?.abort();
  clearTimeout(typing);
  asking = new AbortController();
  again = question;
  show("problem", false);
  show("admission", false);
  part("status").textContent = "";
  return asking;
}

/** Asks what the model is. It may have been replaced after a while. */
async function knowModel() {
  if (model && performance.now() - modelAge < modelLife) return;
  const asked = performance.now();
  model = new Model(await service.model());
  modelAge = asked;
}

function fail(problem) {
  if (problem.name === "AbortError") return;
  if (problem instanceof KeyNeeded) {
    show("admission", true);
    if (document.activeElement !== field) part("key").focus(); // somebody who types goes on typing
    if (!service.key) {
      say("This server wants an API key.");
      return;
    }
  }
  say(problem.message, true);
}

/** Says something to screen readers, and shows it if it is a problem. */
function say(words, isProblem = false) {
  part("status").textContent = isProblem ? "" : words;
  part("problem").replaceChildren(isProblem ? foreign(words) : "");
  show("problem", isProblem);
}

// A browser may forbid pages to keep anything. Then the key is forgotten when the page is left.

function keptKey() {
  try {
    return sessionStorage.getItem(keyName) ?? "";
  } catch {
    return "";
  }
}

function keepKey(key) {
  try {
    sessionStorage.setItem(keyName, key);
  } catch {}
}

function show(id, visible) {
  part(id).hidden = !visible;
}

// A result's link has its texts in the fragment, which browsers do not send.

function link(texts) {
  const fragment = "#q=" + encodeURIComponent(texts.join("\n").toWellFormed());
  return fragment.length > longestLink ? "" : fragment;
}

function addressOf(fragment) {
  return fragment && new URL(fragment, location.href).href;
}

function remember(fragment) {
  if (fragment !== location.hash) history.replaceState(null, "", fragment || location.pathname + location.search);
}

function follow() {
  if (location.hash !== "" && !location.hash.startsWith("#q=")) return; // a place in the page
  begin(follow);
  try {
    field.value = decodeURIComponent(location.hash.slice("#q=".length));
  } catch {
    show("result", false);
    table.close();
    say("This link is broken.", true);
    return;
  }
  fit();
  answer();
}

/**
 * Makes the field as high as its text, within the limits of the style, and says if not all of it
 * can be seen.
 */
function fit() {
  const lines = field.value.split("\n");
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 4}px`;
  show("unseen", lines.some((line) => visible(line) !== line));
}

field.oninput = () => {
  fit();
  clearTimeout(typing);
  typing = setTimeout(answer, typingPause);
};

field.onpaste = (event) => {
  const pasted = event.clipboardData.getData("text/plain");
  if (pasted.length <= longestPaste) return;
  event.preventDefault();
  openFiles([new File([pasted], "pasted.txt")]);
};

field.onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !field.value.includes("\n")) {
    event.preventDefault(); // Enter asks; Shift and Enter begin another line
    answer();
  }
};

part("ask").onsubmit = (event) => {
  event.preventDefault();
  answer();
};

// A link to the field would replace the result's in the address.
part("skip").onclick = (event) => {
  event.preventDefault();
  field.focus();
};

part("choose").onclick = () => part("file").click();

part("file").onchange = () => {
  openFiles(part("file").files);
  part("file").value = ""; // so that the same one can be chosen again
};

part("admission").onsubmit = (event) => {
  event.preventDefault();
  service = new Service(part("key").value);
  keepKey(service.key);
  field.focus(); // what had the focus is hidden now
  again();
};

const takesText = (place) => ["INPUT", "TEXTAREA"].includes(place.nodeName);

let over = 0; // elements that a dragged file has entered and not left

addEventListener("dragenter", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  over++;
  show("drop", true);
});

addEventListener("dragleave", () => {
  over = Math.max(0, over - 1);
  if (over === 0) show("drop", false);
});

addEventListener("dragover", (event) => {
  if (!takesText(event.target) || event.dataTransfer.types.includes("Files")) event.preventDefault(); // a field takes text
});

addEventListener("drop", (event) => {
  const { files } = event.dataTransfer;
  over = 0;
  show("drop", false);
  if (files.length > 0 || !takesText(event.target)) event.preventDefault(); // a browser would visit a link
  openFiles(files);
});

addEventListener("hashchange", follow);

document.querySelector("main").append(labelled.shown);
showLabels();

follow();
