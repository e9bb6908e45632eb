// How the page's charts and tables divide scores.

export const levels = ["none", "low", "medium", "high"];

/** Returns the log-odds of a score, with the natural logarithm. */
export function logOdds(score) {
  return Math.log(score / (1 - score));
}

/** Returns the score of log-odds. */
export function scoreOf(odds) {
  return 1 / (1 + Math.exp(-odds));
}

/** The bins of a histogram, half a unit of log-odds wide, since most scores are near 0 or 1. */
export const bins = { first: -12, width: 0.5, count: 48 };

/** Returns the bin of a score. */
export function binOf(score) {
  return Math.max(0, Math.min(bins.count - 1, Math.floor((logOdds(score) - bins.first) / bins.width)));
}

/** Returns the lowest and highest score of a bin. The outermost bins reach to 0 and 1. */
export function boundsOf(bin) {
  return {
    from: bin === 0 ? 0 : scoreOf(bins.first + bin * bins.width),
    to: bin === bins.count - 1 ? 1 : scoreOf(bins.first + (bin + 1) * bins.width),
  };
}
