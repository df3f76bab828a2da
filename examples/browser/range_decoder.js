// The range coder and the alphabets: sections 3 and 4 of docs/format.md.

const MASK = (1n << 64n) - 1n, TOTAL = 2 ** 24

export class RangeDecoder {
  constructor(payload) {
    this.payload = payload
    this.at = 0
    this.low = 0n
    this.range = MASK
    this.point = this.take(8)
  }

  /** A symbol of the alphabet whose cumulative frequencies c[0] = 0, ..., c[A] stand in an array. */
  read(cumulative) {
    const [unit, q] = this.quotient()
    let symbol = 0, beyond = cumulative.length - 1
    while (beyond - symbol > 1) {
      const middle = (symbol + beyond) >> 1
      if (cumulative[middle] <= q) symbol = middle
      else beyond = middle
    }
    this.narrow(unit, cumulative[symbol], cumulative[symbol + 1])
    return symbol
  }

  /** One of so many values, all of which are equally likely. */
  uniform(size) {
    const [unit, q] = this.quotient(), share = Math.floor(TOTAL / size)
    const symbol = Math.min(Math.floor(q / share), size - 1)
    this.narrow(unit, symbol * share, symbol + 1 < size ? (symbol + 1) * share : TOTAL)
    return symbol
  }

  quotient() {
    const unit = this.range >> 24n, q = Number(((this.point - this.low) & MASK) / unit)
    if (q >= TOTAL) throw new Error("The file is damaged: a payload holds what no encoder writes.")
    return [unit, q]
  }

  narrow(unit, from, to) {
    this.low = (this.low + unit * BigInt(from)) & MASK
    this.range = unit * BigInt(to - from)
    if (this.range < 1n << 32n) {
      this.low = (this.low << 32n) & MASK
      this.range <<= 32n
      this.point = ((this.point << 32n) & MASK) | this.take(4)
    }
  }

  take(count) {
    let value = 0n
    for (; count; count--) value = (value << 8n) | BigInt(this.payload[this.at++] ?? 0)
    return value
  }
}

/** The value at a place of the zigzag order 0, +1, -1, +2, ... */
export const valueOf = place => (place % 2 ? (place + 1) / 2 : -place / 2)
