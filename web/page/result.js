import { copy, element, foreign, number, scoreText, svg, written } from "./dom.js";
import { leftOut } from "./leftout.js";
import { logOdds, scoreOf } from "./scores.js";
import { pieceOfEach, pieces } from "./visible.js";

// This many characters are shown one by one. Hosts are read whole, whatever their length.
const shownCharacters = 1500;
const longestHeading = 400;
const strengths = 5;

/**
 * Shows a verdict and its reasons, or why there is none. say(text) returns the buttons that label a
 * text.
 */
export function result(explained, model, link, say) {
  if (explained.error) {
    return element("article", { class: "result" },
      element("h2", {}, foreign(explained.text, longestHeading)),
      element("p", { class: "problem" }, "Not scored: ", foreign(explained.error)));
  }
  const { line, spans } = shaded(explained.characters);
  return element("article", { class: "result" },
    head(explained, model, say),
    element("div", {}, reading(explained, line), ngrams(explained.ngrams, spans)),
    element("div", {}, facts(explained), sum(explained)),
    actions(explained, link),
  );
}

function head(explained, model, say) {
  const { level, score, canonical, allowed, not_public: notPublic } = explained;
  let words = model.rarity(level, canonical);
  if (notPublic) {
    words = `Not a public name: ${notPublic}. It has a score; its level is none.`;
  } else if (allowed) {
    const alone = model.levelOf(score, canonical);
    words = alone === "none"
      ? "On an allow list. It would reach no level without it, either."
      : `On an allow list, so it reaches no level. Without it, it would be ${alone}: ${lower(model.rarity(alone, canonical))}`;
  }
  return element("header", { class: "verdict" },
    element("h2", {}, foreign(explained.text, longestHeading)),
    element("p", { class: "level" }, chip(level), element("span", { class: "rarity" }, words)),
    explained.unwrapped_from && element("p", { class: "gateway" }, "A link of ", foreign(explained.unwrapped_from, 200), ", scored by what it leads to: ", foreign(canonical, 200)),
    oddities(explained),
    element("p", { class: "score" }, element("span", { class: "numbers" }, scoreText(score)), " score"),
    explained.popular && element("p", { class: "gateway" }, "On the model's list of popular names, so its level is never above low."),
    !notPublic && scale(explained, model),
    floorNote(explained),
    !notPublic && element("p", { class: "yours" }, "You say it is ", say(explained.text)),
  );
}

/** Shows what else is odd about a text, if anything is. */
function oddities({ text, imitates, mentions, mixed_script: mixedScript, user_info: userInfo }) {
  const odd = element("p", { class: "oddities" });
  if (imitates) odd.append(element("strong", {}, "looks like ", foreign(imitates, 100)));
  if (mentions) odd.append(element("strong", {}, "mentions ", foreign(mentions, 100), ", and is another's"));
  if (mixedScript) odd.append(element("strong", {}, "mixes scripts within a label, as no ordinary name does"));
  if (userInfo) odd.append(element("strong", {}, "had a user before an @, which is not scored"));
  if (pieces(text).some((piece) => piece.escaped)) odd.append(element("strong", {}, "holds characters that cannot be seen"));
  return odd.hasChildNodes() && odd;
}

/** Shows a level as a word on its colour. */
export function chip(level) {
  return element("span", { class: `chip ${level}` }, level);
}

function lower(sentence) {
  return sentence[0].toLowerCase() + sentence.slice(1);
}

const farthest = 12; // log-odds; a score of 0.999994

/** Shows where the score is among the levels, on a scale of log-odds. */
function scale({ score, log_odds: whole, floor, canonical }, model) {
  const odds = floor?.log_odds ?? whole;
  const thresholds = model.thresholds(canonical);
  const within = (value) => Math.max(-farthest, Math.min(farthest, value));
  const starts = [-farthest, ...thresholds.map((threshold) => within(logOdds(threshold.score)))];
  const steps = starts.map((start, i) => {
    const level = thresholds[i - 1]?.level ?? "none";
    const step = element("span", { class: `step ${level}` }, level);
    step.style.flexGrow = (starts[i + 1] ?? farthest) - start;
    return step;
  });
  const marker = element("span", { class: "marker" });
  marker.style.left = `${(50 * (within(odds) + farthest)) / farthest}%`;
  return element("div", { class: "scale", role: "img", "aria-label": `A score of ${scoreText(score)} on a scale from 0 to 1` }, marker, ...steps);
}

function facts(explained) {
  const list = element("dl", { class: "facts" });
  const add = (name, ...value) => list.append(element("div", {}, element("dt", {}, name), element("dd", {}, ...value)));
  add("Kind", explained.level === "none" ? `${explained.kind}, as all that reaches no level` : explained.kind, kinds(explained.kinds));
  if (explained.families) {
    add("Family, likeliest first", element("ol", {}, ...explained.families.map((family) =>
      element("li", {}, foreign(family.name, 80), " ", element("span", { class: "numbers" }, family.probability.toFixed(2))))));
  }
  if (explained.allowed) add("Allowed by", foreign(explained.allowed.entry, 200), " in ", foreign(explained.allowed.list, 200));
  return list;
}

function kinds(probabilities) {
  return element("table", { class: "kinds" }, element("caption", { class: "visually-hidden" }, "Probability of each kind"),
    element("tbody", {}, ...Object.entries(probabilities).map(([kind, probability]) => element("tr", {},
      element("th", { scope: "row" }, foreign(kind, 40)),
      element("td", { class: "numbers" }, probability.toFixed(3)),
      element("td", { class: "bar", "aria-hidden": "true" }, bar(probability)),
    ))));
}

function bar(share, kind = "") {
  return svg("svg", { class: `bar ${kind}`, viewBox: "0 0 100 6", preserveAspectRatio: "none" },
    svg("rect", { width: 100 * Math.min(1, Math.abs(share)), height: 6 }));
}

/**
 * Returns a line that shades each character by its contribution, and the elements of the characters
 * that were read.
 */
function shaded(characters) {
  const spans = [];
  const line = element("bdo", { dir: "ltr", class: "characters", "aria-hidden": "true" });
  const most = characters.reduce((strongest, { contribution }) => Math.max(strongest, Math.abs(contribution)), 1);
  let unread = null;
  const first = characters.slice(0, shownCharacters);
  const shownOfEach = [...pieceOfEach(first.map(({ text }) => text))];
  for (const [i, { contribution, seen }] of first.entries()) {
    const shown = written(shownOfEach[i]);
    if (!seen) {
      unread ??= line.appendChild(element("del", { title: "not read by the network" }));
      unread.append(shown);
      continue;
    }
    unread = null;
    spans[i] = element("span", { class: shade(contribution, most), title: signed(contribution) }, shown);
    line.append(spans[i]);
  }
  const more = characters.length - shownCharacters;
  if (more > 0) line.append(element("span", { class: "more" }, `… ${number(more)} more`));
  return { line, spans };
}

/** Shows what was left out of a text, and what the network made of the rest. */
function reading(explained, line) {
  const dropped = leftOut(explained.text, explained.canonical);
  return element("section", { class: "reading" },
    element("h3", {}, "What the network read"),
    dropped && element("p", { class: "given" }, element("span", { class: "label" }, "given "), dropped),
    element("p", {}, element("span", { class: "visually-hidden" }, "read as ", foreign(explained.canonical, shownCharacters)), line),
    element("p", { class: "legend", "aria-hidden": "true" },
      element("span", { class: "n4" }, "speaks for benign"), element("span", { class: "p4" }, "speaks for malicious"),
      element("span", {}, element("del", {}, "struck through"), " says nothing, and was not read")),
    element("details", {}, element("summary", {}, "Each character in numbers"), numbers(explained.characters)),
  );
}

function shade(contribution, most) {
  const strength = Math.round(strengths * Math.sqrt(Math.abs(contribution) / most));
  if (strength === 0) return "p0";
  return (contribution > 0 ? "p" : "n") + strength;
}

function signed(contribution) {
  return (contribution < 0 ? "−" : "+") + Math.abs(contribution).toFixed(3);
}

function numbers(characters) {
  return element("ol", { class: "each" }, ...characters.slice(0, shownCharacters).map(({ text, contribution, seen }) => element("li", {},
    foreign(text === " " ? "space" : text), " ",
    element("span", { class: "numbers" }, seen ? signed(contribution) : "not read"))));
}

/** Lists the n-grams that count most. Pointing at one marks its characters. */
function ngrams(strongest, spans) {
  if (!strongest?.length) return element("p", {}, "No n-gram of it says anything to the network.");
  const most = Math.abs(strongest[0].contribution);
  const rows = strongest.map((ngram) => {
    const mark = (on) => () => {
      for (const span of spans.slice(ngram.start, ngram.end)) span?.classList.toggle("marked", on);
    };
    const where = [ngram.at_start && "at the start", ngram.at_end && "at the end"].filter(Boolean).join(", ");
    return element("tr", { onmouseenter: mark(true), onmouseleave: mark(false) },
      element("th", { scope: "row" }, element("button", { type: "button", class: "plain", onfocus: mark(true), onblur: mark(false) }, foreign(ngram.text, 40))),
      element("td", { class: "numbers" }, signed(ngram.contribution)),
      element("td", { class: "bar", "aria-hidden": "true" }, bar(ngram.contribution / most, ngram.contribution < 0 ? "benign" : "")),
      element("td", { class: "hint" }, where));
  });
  return element("section", { class: "ngrams" },
    element("h3", {}, "N-grams that mattered"),
    element("table", {},
      element("thead", { class: "visually-hidden" }, element("tr", {}, ...["n-gram", "share of the log-odds", "", "where"].map((name) =>
        name ? element("th", { scope: "col" }, name) : element("td", {})))),
      element("tbody", {}, ...rows)));
}

function sum(explained) {
  const characters = explained.characters.reduce((total, character) => total + character.contribution, 0);
  const row = (words, value) => element("tr", {}, element("th", { scope: "row" }, words), element("td", { class: "numbers" }, signed(value)));
  return element("details", { class: "sum" },
    element("summary", {}, "How it adds up"),
    element("table", {}, element("tbody", {},
      row("baseline: where the network finds nothing", explained.baseline),
      row("constant: its filters on common characters", explained.constant),
      row("start", explained.start), row("end", explained.end),
      row("characters: what these add", characters)),
    element("tfoot", {}, row("log-odds, malicious to benign", explained.log_odds))),
    views(explained),
    element("p", { class: "hint" }, "The shares are one way among several to divide a score (integrated gradients). They speak of the network: a character that counts is no evidence by itself."));
}

/** Returns what is scored alone: the registered domain, where it demands something, and the views. */
const alone = ({ views: read, registered_domain: domain }) =>
  domain ? [{ view: "registered domain", ...domain }, ...read] : read;

/** Shows what each view adds and scores alone, unless all are one text. */
function views(explained) {
  if (!explained.views || alone(explained)[0].text === explained.canonical) return false;
  return element("table", { class: "views" },
    element("thead", {}, element("tr", {}, ...["view", "share", "score alone"].map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...alone(explained).map(({ view, text, contribution, log_odds: odds }) => element("tr", {},
      element("th", { scope: "row" }, view, " ", foreign(text, 60)),
      element("td", { class: "numbers" }, contribution === undefined ? "" : signed(contribution)),
      element("td", { class: "numbers" }, scoreText(scoreOf(odds)))))));
}

/** Says what the floor does, where it holds. */
function floorNote(explained) {
  const { floor } = explained;
  if (!floor) return false;
  const { view, text, log_odds: odds } = alone(explained).find((one) => one.view === floor.view);
  return element("p", { class: "floor" }, `The ${view} alone, `, foreign(text, 100), `, scores ${scoreText(scoreOf(odds))}, which is the floor: what stands around it can lower the score to ${scoreText(scoreOf(floor.log_odds))} and no further.`);
}

function actions(explained, link) {
  const said = element("span", { class: "hint", role: "status" });
  const copier = (words, text) => element("button", { type: "button", onclick: async () => {
    try {
      await copy(text());
      said.textContent = "copied";
    } catch (problem) {
      said.textContent = problem.message;
    }
  } }, words);
  return element("p", { class: "actions" },
    link && copier("Copy link", () => link),
    copier("Copy defanged", () => defanged(explained.text)),
    copier("Copy JSON", () => JSON.stringify(explained, null, 2)),
    said);
}

/** Writes a name or URL so that nobody visits it by mistake. */
export function defanged(text) {
  return text.replace(/^h(?:tt|xx)p(s?)/i, (_, s) => "hxxp" + s.toLowerCase()).replace(/(?<!\[)\.(?!\])/g, "[.]");
}
