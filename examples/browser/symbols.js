// From the payloads of a block to symbols: sections 5 to 9 of docs/format.md. Integers only; all are below 2^53.

import { RangeDecoder, valueOf } from "./range_decoder.js"

const clip = (x, low, high) => Math.min(Math.max(x, low), high)
const shifted = (x, bits) => Math.floor(x / 2 ** bits) // x >> bits, for more than 32 bits
const eighths = mean => ((mean % 8) + 8) % 8
const zeros = size => new Array(size).fill(0)
const damaged = () => new Error("The file is damaged: it holds symbols that no encoder writes.")

/** Section 5. */
class Network {
  constructor(arrays, name) {
    this.weights = ["w1", "b1", "w2", "b2"].map(part => arrays[`${name}.${part}`].data)
  }

  run(features) {
    const [w1, b1, w2, b2] = this.weights
    const hidden = layer(features, w1, b1).map(sum => clip(shifted(sum + 2 ** 11, 12), 0, 255))
    return layer(hidden, w2, b2).map(sum => shifted(sum + 2 ** 14, 15))
  }
}

function layer(inputs, weights, bias) {
  const sums = Float64Array.from(bias), width = bias.length
  for (let i = 0; i < inputs.length; i++) {
    if (inputs[i]) for (let j = 0; j < width; j++) sums[j] += inputs[i] * weights[i * width + j]
  }
  return sums
}

/** The cumulative frequencies of each row of a table. */
function cumulativeRows({ data, shape: [count, size] }) {
  return Array.from({ length: count }, (_, row) => {
    const sums = new Uint32Array(size + 1)
    for (let i = 0; i < size; i++) sums[i + 1] = sums[i] + data[row * size + i]
    return sums
  })
}

/** Reads the symbols of a preset's files with the arrays of its tables. */
export class SymbolReader {
  constructor(arrays) {
    this.sideNetworks = [new Network(arrays, "side_a"), new Network(arrays, "side_b")]
    this.sideRows = cumulativeRows(arrays["side.rows"])
    this.feature = arrays.magnitude_feature.data
    this.levelsPerOctave = arrays.levels_per_octave_q8.data[0]
    this.hop = arrays.hop?.data[0] // of a nested cascade
    this.modules = []
    for (let name = "module0"; `${name}.w1` in arrays; name = `module${this.modules.length}`) {
      const part = key => arrays[`${name}.${key}`]
      this.modules.push({
        network: new Network(arrays, name), rows: cumulativeRows(part("rows")), outputs: part("b2").shape[0],
        synthesis: part("synthesis"), analysis: part("analysis"), slope: part("slope"), shift: part("shift"),
      })
    }
  }

  /** The symbols of a block: { side: [18 per frame], modules: [of each, 320 per frame] }. */
  read({ frames, payloads }, stepIndex) {
    const shift = shifted(stepIndex * this.levelsPerOctave + 2 ** 15, 16)
    const side = this.readSide(payloads[0], frames), modules = []
    if (this.hop) return { side, modules: this.readNested(payloads.slice(1), frames, side, shift) }
    payloads.slice(1).forEach((payload, number) => {
      const module = this.modules[number], below = modules[number - 1]
      modules.push(module.synthesis ? this.readPredicted(payload, frames, module, side, shift)
        : this.readModule(payload, frames, module, side, shift, below))
    })
    return { side, modules }
  }

  /** Section 6. */
  readSide(payload, frames) {
    const decoder = new RangeDecoder(payload), side = []
    const scales = this.sideRows.length / 8, escape = this.sideRows[0].length - 2
    for (let t = 0; t < frames; t++) {
      const before = side[t - 1] ?? zeros(18), earlier = side[t - 2] ?? zeros(18), frame = zeros(18)
      for (const stage of [0, 1]) {
        const seen = [...before, ...earlier, ...(stage ? frame.filter((_, i) => i % 2 === 0) : [])]
        const out = this.sideNetworks[stage].run(seen.map(symbol => 8 * symbol)), escaped = []
        for (let i = 0, place = stage; i < 9; i++, place += 2) {
          const mean = 8 * before[place] + out[i], scale = clip(out[9 + i], 0, scales - 1)
          const symbol = decoder.read(this.sideRows[8 * scale + eighths(mean)])
          if (symbol === escape) escaped.push(place)
          frame[place] = valueOf(symbol) + shifted(mean, 3)
        }
        for (const place of escaped) frame[place] = valueOf(decoder.uniform(63))
      }
      if (frame.some(symbol => Math.abs(symbol) > 31)) throw damaged()
      side.push(frame)
    }
    return side
  }

  /** Section 7. `below` holds the symbols of the module below. */
  readModule(payload, frames, module, side, shift, below) {
    const decoder = new RangeDecoder(payload), symbols = [], escape = module.rows[0].length - 2
    const magnitudes = frame => Array.from(frame ?? zeros(320), q => this.feature[Math.abs(q)])
    for (let t = 0; t < frames; t++) {
      const features = [...magnitudes(symbols[t - 1]), ...magnitudes(symbols[t - 2])]
      for (const frame of below ? [below[t], below[t - 1]] : []) {
        const each = magnitudes(frame)
        for (let i = 0; i < 320; i += 8) features.push(clip(shifted(sum(each.slice(i, i + 8)), 2), 0, 255))
      }
      features.push(...sideFeatures(side, t))
      const out = Array.from(module.network.run(features))
      const places = out.map(o => decoder.read(module.rows[clip(o - shift, 0, module.rows.length - 1)]))
      symbols.push(places.map(p => valueOf(p === escape ? escape + decoder.uniform(255 - escape) : p)))
    }
    return symbols
  }

  /** Section 8. */
  readPredicted(payload, frames, module, side, shift) {
    const decoder = new RangeDecoder(payload), coded = module.synthesis.shape[1], hop = module.synthesis.shape[0] / 2
    const perFrame = 320 / hop, scales = module.rows.length / 8, escape = module.rows[0].length - 2
    const magnitudes = values => Array.from(values, q => this.feature[Math.min(Math.abs(q), 127)])
    const symbols = Array.from({ length: frames }, () => zeros(320))
    let before = zeros(coded), earlier = before, tail = zeros(hop), past = zeros(480)
    for (let t = 0; t < frames * perFrame; t++) {
      const [lag, correlation] = repetition(past)
      const repeated = Array.from({ length: 2 * hop }, (_, n) => past[480 - lag + (n % lag)])
      const predicted = Array.from(layer(repeated, module.analysis.data, zeros(coded)),
        total => clip(shifted(total + 2 ** 16, 17), -1016, 1016))
      const out = module.network.run([...magnitudes(before), ...magnitudes(earlier), ...magnitudes(predicted),
        ...before.map(q => clip(32 * q, -255, 255)), correlation, ...sideFeatures(side, Math.floor(t / perFrame)),
        ...zeros(perFrame).map((_, place) => (place === t % perFrame ? 64 : 0))])
      const now = zeros(coded), escaped = []
      for (let j = 0; j < coded; j++) {
        const gate = clip(out[coded + j], 0, 80)
        const mean = clip(shifted(gate * predicted[j], 6) + out[2 * coded + j], -1016, 1016)
        const symbol = decoder.read(module.rows[8 * clip(out[j] - shift, 0, scales - 1) + eighths(mean)])
        if (symbol === escape) escaped.push(j)
        now[j] = valueOf(symbol) + shifted(mean, 3)
      }
      for (const j of escaped) now[j] = valueOf(decoder.uniform(255))
      if (now.some(q => Math.abs(q) > 127)) throw damaged()
      const wave = zeros(2 * hop).map((_, n) => {
        let total = 0
        for (let j = 0; j < coded; j++) total += now[j] * module.synthesis.data[n * coded + j]
        return total
      })
      const samples = tail.map((old, n) => clip(shifted(wave[n] + old + 2 ** 5, 6), -4095, 4095))
      past = [...past, ...samples].slice(-480)
      tail = wave.slice(hop)
      now.forEach((q, j) => { symbols[Math.floor(t / perFrame)][(t % perFrame) * hop + j] = q })
      ;[before, earlier] = [now, before]
    }
    return symbols
  }

  /** Section 9. */
  readNested(payloads, frames, side, shift) {
    const count = frames * 320 / this.hop, modules = []
    const known = Array.from({ length: count }, (_, t) => nestedSide(side, t, this.hop))
    let lower, index
    payloads.forEach((payload, number) => {
      const read = number ? this.readRefinement : this.readFirst
      const { sent, symbols, indices } = read.call(this, payload, this.modules[number], known, shift, lower, index)
      lower = symbols
      index = indices
      const all = zeros(frames * 320)
      sent.forEach((values, t) => values.forEach((value, j) => { all[t * this.hop + j] = value }))
      modules.push(Array.from({ length: frames }, (_, t) => all.slice(320 * t, 320 * t + 320)))
    })
    return modules
  }

  magnitudes(symbols, size) {
    return (symbols ?? zeros(size)).map(q => this.feature[Math.min(Math.abs(q), 127)])
  }

  readFirst(payload, module, known, shift) {
    const decoder = new RangeDecoder(payload), coded = module.outputs, escape = module.rows[0].length - 2
    const symbols = [], indices = []
    known.forEach((side, t) => {
      const seen = [...this.magnitudes(symbols[t - 1], coded), ...this.magnitudes(symbols[t - 2], coded), ...side]
      const out = Array.from(module.network.run(seen))
      const places = out.map(o => decoder.read(module.rows[clip(o - shift, 0, 63)]))
      symbols.push(places.map(place => valueOf(place === escape ? decoder.uniform(255) : place)))
      indices.push(out.map(o => clip(o, 0, 63)))
    })
    return { sent: symbols, symbols, indices }
  }

  readRefinement(payload, module, known, shift, lower, index) {
    const decoder = new RangeDecoder(payload), size = module.slope.shape[1], coded = module.outputs - size
    const escape = module.rows[0].length - 2, places = [], indices = []
    known.forEach((side, t) => {
      const out = module.network.run([...[t, t - 1, t + 1].flatMap(k => this.magnitudes(lower[k], size)),
        ...index[t].map(i => 4 * i), ...side])
      indices.push(index[t].slice())
      places.push(zeros(coded).map((_, j) => {
        if (j >= size) {
          indices[t].push(clip(out[j], 0, 63))
          return decoder.read(module.rows[clip(out[j] - shift, 0, 63)])
        }
        const c = Math.min(Math.abs(lower[t][j]), 3), own = c ? out[coded + j] : out[j]
        const follow = module.shift.data[c * size + j] + module.slope.data[c * size + j] * index[t][j]
        const place = decoder.read(module.rows[64 * (c + 1) + clip(own + shifted(follow + 2 ** 11, 12) - shift, 0, 63)])
        if (place > (c ? 1 : 2)) throw damaged()
        return place
      }))
    })
    const sent = places.map((frame, t) => frame.map((place, j) =>
      (j < size && lower[t][j] ? place : valueOf(place === escape ? decoder.uniform(255) : place))))
    const symbols = sent.map((frame, t) => frame.map((s, j) => {
      const m = j < size ? lower[t][j] : 0
      return m ? Math.sign(m) * (2 * Math.abs(m) + s) : s
    }))
    return { sent, symbols, indices }
  }
}

const sum = values => values.reduce((total, value) => total + value, 0)

/** Side symbols of a frame and of that before it, times 8. */
function sideFeatures(side, t) {
  return [...side[t], ...(side[t - 1] ?? zeros(18))].map(symbol => 8 * symbol)
}

/** Side features of a code frame of a nested cascade. */
function nestedSide(side, t, hop) {
  const gain = k => (k < 0 ? 0 : side[Math.floor(k * hop / 320)][16 + (Math.floor(k * hop / 160) % 2)])
  const frame = Math.floor(t * hop / 320), before = side[frame - 1] ?? zeros(18)
  return [...side[frame].slice(0, 16), gain(t), ...before.slice(0, 16), gain(t - 1)].map(symbol => 8 * symbol)
}

/** Lag and correlation of the last 480 samples: section 8. */
function repetition(past) {
  const fine = past.map(sample => sample >> 3), half = zeros(240).map((_, n) => fine[2 * n] + fine[2 * n + 1])
  const coarse = best(range(320, 31, -2), lag => score(half, lag / 2, 80))[0]
  const near = [coarse, coarse - 1, coarse + 1].map(lag => clip(lag, 32, 320))
  const [lag, highest] = best(near, each => score(fine, each, 160))
  const energy = sum(fine.slice(-160).map(value => value * value))
  return [lag, Math.min(Math.floor(255 * highest / (energy + 1)), 255)]
}

/** How alike the last values are to as many that lie `lag` earlier. */
function score(values, lag, count) {
  let product = 0, earlier = 0, last = 0
  for (let n = values.length - count; n < values.length; n++) {
    product += values[n] * values[n - lag]
    earlier += values[n - lag] ** 2
    last += values[n] ** 2
  }
  return Math.floor(Math.max(0, product) ** 2 / (earlier + Math.floor(last / 32) + 1))
}

/** The first lag of the highest score, and the score. */
function best(lags, scoreOf) {
  return lags.map(lag => [lag, scoreOf(lag)]).reduce((a, b) => (b[1] > a[1] ? b : a))
}

function range(from, to, by) {
  return Array.from({ length: Math.ceil((to - from) / by) }, (_, i) => from + i * by)
}
