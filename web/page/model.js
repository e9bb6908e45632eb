import { number } from "./dom.js";

/** What the page shows of the model. */
export class Model {
  constructor(info) {
    this.names = info.thresholds ?? [];
    this.urls = info.url_thresholds ?? this.names;
  }

  /** Returns the thresholds for a text of this canonical form. */
  thresholds(canonical) {
    return isURL(canonical) ? this.urls : this.names;
  }

  /** Returns the level that a score reaches, apart from any allow list. */
  levelOf(score, canonical) {
    return this.thresholds(canonical).findLast((threshold) => score >= threshold.score)?.level ?? "none";
  }

  /** Says in words how rare a level is among ordinary texts. */
  rarity(level, canonical) {
    const thresholds = this.thresholds(canonical);
    const what = isURL(canonical) ? "ordinary URLs" : "ordinary names";
    if (thresholds.length === 0) return "No levels were measured for this model.";
    if (isAddress(canonical)) return "Levels say little of IP addresses: they were measured on names, and ordinary addresses score higher.";
    const reached = thresholds.find((threshold) => threshold.level === level);
    if ((reached ?? thresholds[0]).own) return ownRarity(reached?.own, isURL(canonical) ? "URLs" : "names");
    if (!reached) return `More than one in ${words(thresholds[0].false_positive_rate)} ${what} score this high.`;
    if (reached.too_few) return `Too few ${what} were there to tell how many score this high.`;
    // Nothing bounds the last level from above: a score in it may be far rarer.
    const about = reached === thresholds.at(-1) ? "At most" : "About";
    return `${about} one in ${words(reached.false_positive_rate)} ${what} scores this high.`;
  }
}

/** Says what a level means that somebody set on traffic of their own; none is below the lowest of them. */
function ownRarity(own, what) {
  if (!own) return `Below the levels, of which the lowest is set on somebody's own traffic of ${what}.`;
  if (!own.alarms_per_day) return "Set on somebody's own traffic: the level begins where the one below it does.";
  return `Set on somebody's own traffic: at most ${Number(own.alarms_per_day.toPrecision(3))} ${what} a day were to reach this level.`;
}

function isURL(canonical) {
  return /[/?#]/.test(canonical);
}

function isAddress(canonical) {
  return /^([^/?#@]*@)?(\d+(\.\d+){3}|\[[^\]]*\])(:\d+)?([/?#]|$)/.test(canonical);
}

const counts = { 10: "ten", 100: "a hundred", 1000: "a thousand", 10000: "ten thousand", 100000: "a hundred thousand" };

function words(rate) {
  const count = Math.round(1 / rate);
  return counts[count] ?? number(count);
}
