import { number, svg } from "./dom.js";
import { bins, boundsOf, logOdds } from "./scores.js";

const height = 150, bottom = 118, top = 14;
const marks = [0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999];
const closestMarks = 55; // pixels

/**
 * Draws how many rows have which score, this many pixels wide. Both axes are stretched, so that a
 * few rows near 0 and 1 can be seen. A click on a bin calls choose with its lowest and highest
 * score.
 */
export function histogram(width, counts, model, choose) {
  const x = (odds) => (width * (odds - bins.first)) / (bins.width * bins.count);
  const fullest = Math.max(10, ...counts);
  const y = (count) => bottom - ((bottom - top) * Math.log1p(count)) / Math.log1p(fullest);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const low = model.names[0]?.score ?? 0.5;

  const drawn = svg("svg", { width, height, role: "img", "aria-label": `How the scores of ${number(total)} names are spread` });
  for (let count = 1; count <= fullest; count *= 10) {
    drawn.append(svg("line", { class: "grid", x1: 0, x2: width, y1: y(count), y2: y(count) }),
      svg("text", { class: "tick", x: 2, y: y(count) - 3 }, number(count)));
  }
  counts.forEach((count, bin) => {
    const { from, to } = boundsOf(bin);
    const left = x(bins.first + bin * bins.width), wide = width / bins.count;
    const words = svg("title", {}, `${number(count)} with a score from ${brief(from)} to ${brief(to)}`);
    const area = svg("g", { class: "bin" },
      svg("rect", { class: "area", x: left, y: top, width: wide, height: bottom - top }), words);
    if (count > 0) {
      area.append(svg("rect", { class: (from + to) / 2 > low ? "bar" : "bar benign", x: left + 1, y: y(count), width: wide - 2, height: bottom - y(count) }));
    }
    area.addEventListener("click", () => choose(from, to));
    drawn.append(area);
  });
  model.names.forEach(({ level, score }, i) => {
    const at = x(logOdds(score)), next = model.names[i + 1];
    drawn.append(svg("line", { class: "level", x1: at, x2: at, y1: top - 2, y2: bottom }));
    if (!next || x(logOdds(next.score)) - at >= closestMarks) drawn.append(svg("text", { class: "tick level", x: at + 4, y: top + 6 }, level));
  });
  const closest = x(logOdds(0.9)) - x(0);
  for (const score of marks.filter((_, i) => closest >= closestMarks || i % 2 === 0)) {
    drawn.append(svg("text", { class: "tick middle", x: x(logOdds(score)), y: bottom + 16 }, String(score)));
  }
  drawn.append(svg("text", { class: "tick end", x: width - 2, y: height - 2 }, "score"));
  return drawn;
}

function brief(score) {
  return score > 0.9 ? String(Number(score.toFixed(6))) : String(Number(score.toPrecision(3)));
}
