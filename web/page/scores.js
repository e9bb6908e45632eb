// What a score is in the page's pictures and tables.

export const levels = ["none", "low", "medium", "high"];

/** Returns the natural logarithm of malicious to benign. */
export function logOdds(score) {
  return Math.log(score / (1 - score));
}

/** Returns the score of such log-odds. */
function scoreOf(odds) {
  return 1 / (1 + Math.exp(-odds));
}

/** The bins of a histogram, half a unit of log-odds wide: what decides happens near 0 and near 1. */
export const bins = { first: -12, width: 0.5, count: 48 };

/** Returns the bin of a score. */
export function binOf(score) {
  return Math.max(0, Math.min(bins.count - 1, Math.floor((logOdds(score) - bins.first) / bins.width)));
}

/** Returns the scores that a bin is from and to; the outermost reach to 0 and 1. */
export function boundsOf(bin) {
  return {
    from: bin === 0 ? 0 : scoreOf(bins.first + bin * bins.width),
    to: bin === bins.count - 1 ? 1 : scoreOf(bins.first + (bin + 1) * bins.width),
  };
}
