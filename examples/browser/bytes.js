// Varints, CRC-32 and the header and blocks of a .nac file: sections 1 and 2 of docs/format.md.

const FRAME_SAMPLES = 320, FLUSH_FRAMES = 2, MAX_HEADER = 4 << 20, COPY_FIELD = 2, GAIN_FIELD = 4

class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 0 }

  take(count) {
    if (count > this.bytes.length - this.at) throw new Error("The file ends too early.")
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }

  varint() {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = this.take(1)[0]
      value += (byte & 127) * factor
      if (value > 2 ** 48 || (byte === 0 && factor > 1)) throw new Error("The file is damaged: an impossible number.")
      if (byte < 128) return value
    }
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1
  return byte
})

function checkCrc(bytes, crc) {
  let sum = ~0
  for (const byte of bytes) sum = CRC_TABLE[(sum ^ byte) & 255] ^ (sum >>> 8)
  const stored = new DataView(crc.buffer, crc.byteOffset, 4).getUint32(0, true)
  if (~sum >>> 0 !== stored) throw new Error("The file is damaged: a checksum does not fit.")
}

/** What the header says, and `blocks`, a list of { frames, payloads }. */
export function readFile(bytes) {
  const file = new Reader(bytes)
  if (String.fromCharCode(...file.take(3)) !== "NAC") throw new Error("This is no .nac file.")
  const version = file.take(1)[0]
  if (version !== 1 && version !== 2) throw new Error(`This reads versions 1 and 2 of the format, not ${version}.`)
  const headerLength = file.varint()
  if (headerLength > MAX_HEADER) throw new Error("The file is damaged: its header is too long.")
  const header = new Reader(file.take(headerLength))
  checkCrc(bytes.subarray(0, file.at), file.take(4))

  const preset = new TextDecoder("utf-8", { fatal: true }).decode(header.take(header.varint()))
  const hash = [...header.take(8)].map(byte => byte.toString(16).padStart(2, "0")).join("")
  header.varint() // sample rate of the source
  header.varint() // and its length at that rate; this decodes to 16 kHz
  const length = header.varint()
  const modules = header.take(1)[0]
  const [low, high] = header.take(2)
  const stepIndex = (low | (high << 8)) << 16 >> 16
  const framesPerBlock = header.varint()
  if (!modules || modules > 4 || !framesPerBlock || framesPerBlock > 50) throw new Error("The header makes no sense.")
  const fields = version === 2 ? readFields(new Reader(header.take(header.varint()))) : new Map()
  const gain = fields.has(GAIN_FIELD) ? readGain(fields.get(GAIN_FIELD)) : 0

  const frames = length ? Math.ceil(length / FRAME_SAMPLES) + FLUSH_FRAMES : 0
  if (Math.ceil(frames / framesPerBlock) > headerLength) throw new Error("The header makes no sense.")
  const sizes = Array.from({ length: Math.ceil(frames / framesPerBlock) }, () => header.varint())
  if (header.at !== headerLength) throw new Error("The header makes no sense.")
  const blocks = sizes.map((size, number) => ({
    frames: Math.min(framesPerBlock, frames - number * framesPerBlock),
    payloads: readBlock(new Reader(file.take(size)), modules),
  }))
  const rest = file.take(bytes.length - file.at)
  if (fields.has(COPY_FIELD)) checkCopy(rest)
  else if (rest.length) throw new Error("Something follows the last block.")
  return { preset, hash, length, modules, stepIndex, gain, blocks }
}

/** The optional fields by type. Those of an even type change how a file is decoded; this knows two of them. */
function readFields(fields) {
  const contents = new Map()
  while (fields.at < fields.bytes.length) {
    const type = fields.take(1)[0]
    if (type % 2 === 0 && type !== COPY_FIELD && type !== GAIN_FIELD) throw new Error("The file needs a newer decoder.")
    contents.set(type, fields.take(fields.varint()))
  }
  return contents
}

/** By how many dB the recording was amplified before it was coded. */
function readGain(content) {
  if (content.length !== 1 || content[0] < 1 || content[0] > 60) throw new Error("The header makes no sense.")
  return content[0]
}

/** The copy of the header is for files whose header is damaged, which this does not decode: it only has to be whole. */
function checkCopy(copy) {
  const size = copy.length - 3, [low, middle, high] = copy.subarray(Math.max(size, 0))
  if (size < 4 || (low | (middle << 8) | (high << 16)) !== size) throw new Error("The copy of the header is damaged.")
  checkCrc(copy.subarray(0, size - 4), copy.subarray(size - 4, size))
}

function readBlock(block, modules) {
  checkCrc(block.bytes.subarray(4), block.take(4))
  const lengths = Array.from({ length: modules }, () => block.varint())
  const payloads = lengths.map(length => block.take(length))
  return [...payloads, block.take(block.bytes.length - block.at)]
}
