// From symbols to sound: the LPC stage of docs/export.md around the step graph of the preset's decoder.

const ORDER = 16, FRAME = 320, SUBFRAME = 80, GAIN_FRAME = 160, SUBFRAMES = FRAME / SUBFRAME
const MIN_GAP = 0.025, INTERPOLATION = [0.625, 0.875, 1, 1]
const GAIN_OFFSET = 16, LOG_STEP = Math.LN2 / 2, MAX_RISE = 2 * Math.LN2, MAX_OUTPUT = 100

/** Decodes the frames of a file; `codec` is codec.json, `session` runs the graph `graph` of it. */
export async function decodeFrames(ort, session, codec, graph, { side, modules }, stepIndex) {
  const excitation = [], gains = [], predictors = []
  const states = Object.fromEntries(Object.entries(graph.states).map(([name, { shape }]) =>
    [name, new ort.Tensor("float32", new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)]))
  const logScale = new ort.Tensor("float32", Float32Array.of(stepIndex / 256 * Math.LN2), [1])
  let lsf, gain // of the frame before
  for (let t = 0; t < side.length; t++) {
    const now = orderedLsf(codec, side[t].slice(0, ORDER))
    const contour = INTERPOLATION.map(w => now.map((x, i) => (lsf ?? now)[i] * (1 - w) + x * w))
    lsf = now
    predictors.push(...contour.map(predictor))
    for (const symbol of side[t].slice(ORDER)) {
      gains.push(...gainContour(symbol, gain ?? symbol))
      gain = symbol
    }
    const normal = contour.flatMap(each => each.map((x, i) => (x - codec.lsf_mean[i]) / codec.lsf_std[i]))
    const inputs = {
      lsf: new ort.Tensor("float32", Float32Array.from(normal), [SUBFRAMES, ORDER]),
      gain: new ort.Tensor("int32", Int32Array.from(side[t].slice(ORDER)), [2]), log_scale: logScale,
    }
    modules.forEach((frames, n) => {
      inputs[`module_${n}`] = new ort.Tensor("int32", Int32Array.from(frames[t]), [FRAME])
    })
    const outputs = await session.run({ ...inputs, ...states })
    for (const name in states) states[name] = outputs[`new_${name}`]
    excitation.push(...outputs.excitation.data)
  }
  const scaled = excitation.slice(graph.delay).map((x, n) => x * gains[n])
  return codec.lpc === "none" ? scaled : synthesis(scaled, predictors)
}

/** LSF symbols -> LSFs in radians, in order and apart. */
function orderedLsf(codec, symbols) {
  const points = symbols.map((symbol, i) => codec.lsf_points[i][symbol + 31])
  if (codec.lpc === "none") return points
  points.sort((a, b) => a - b)
  let sum = 0
  return points.map((x, i) => {
    sum += Math.max(x - (points[i - 1] ?? 0), MIN_GAP)
    return Math.min(sum, Math.PI - MIN_GAP * (ORDER - i))
  })
}

/** LSFs -> the predictor a[0] = 1, ..., a[16]. */
function predictor(lsf) {
  const [p, q] = [0, 1].map(first => {
    let product = [1]
    for (let i = first; i < ORDER; i += 2) {
      const b = -2 * Math.cos(lsf[i])
      product = [...product, 0, 0].map((x, n) => x + b * (product[n - 1] ?? 0) + (product[n - 2] ?? 0))
    }
    return product
  })
  return p.map((_, n) => (p[n] + (p[n - 1] ?? 0) + q[n] - (q[n - 1] ?? 0)) / 2)
}

/** Gain symbols of 10 ms and of those before -> the gain of each sample. */
function gainContour(symbol, before) {
  const log = (symbol - GAIN_OFFSET) * LOG_STEP, from = Math.max((before - GAIN_OFFSET) * LOG_STEP, log - MAX_RISE)
  return Array.from({ length: GAIN_FRAME }, (_, n) =>
    Math.exp(n < SUBFRAME ? from + (log - from) * (n + 0.5) / SUBFRAME : log))
}

/** 1/A(z), with a predictor for each sub-frame. */
function synthesis(excitation, predictors) {
  const y = new Float64Array(excitation.length)
  for (let n = 0; n < y.length; n++) {
    const a = predictors[Math.floor(n / SUBFRAME)]
    let sum = excitation[n]
    for (let k = 1; k <= Math.min(ORDER, n); k++) sum -= a[k] * y[n - k]
    y[n] = Math.min(Math.max(sum, -MAX_OUTPUT), MAX_OUTPUT)
  }
  return y
}
