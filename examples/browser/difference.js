// What both checks say of samples, and when they fail.

const TOLERANCE = 1e-3

/** How far samples are from those of the package; an error where that is too far. */
export function difference(samples, wanted) {
  if (samples.length !== wanted.length) throw new Error(`${samples.length} samples instead of ${wanted.length}.`)
  const largest = wanted.reduce((most, x, n) => Math.max(most, Math.abs(x - samples[n])), 0)
  if (!(largest <= TOLERANCE)) throw new Error(`Samples differ by ${largest}.`)
  return `samples differ by at most ${largest.toExponential(1)}.`
}
