// Decodes .nac files with a preset that `neuralcodec export PRESET --format onnx` wrote.

import { readFile } from "./bytes.js"
import { decodeFrames } from "./speech.js"
import { SymbolReader } from "./symbols.js"
import { readTables } from "./tables.js"

export class Decoder {
  /** `load(name)` gives the bytes of a file of the exported folder; `ort` is ONNX Runtime. */
  static async create(ort, load) {
    const codec = JSON.parse(new TextDecoder().decode(await load("codec.json")))
    const symbols = new SymbolReader(await readTables(await load("tables.npz")))
    return new Decoder(ort, load, codec, symbols)
  }

  constructor(ort, load, codec, symbols) {
    Object.assign(this, { ort, load, codec, symbols, sessions: {} })
  }

  /** The bytes of a .nac file -> Float32Array at 16 kHz. */
  async decode(bytes) {
    const file = readFile(bytes), { preset, hash } = this.codec
    if (file.preset !== preset || !hash.startsWith(file.hash)) {
      throw new Error(`The file needs the preset '${file.preset}', with the weights ${file.hash}.`)
    }
    const graph = this.codec.graphs[`decoder_${file.modules}`]
    if (!graph) throw new Error("The file has more modules than its preset.")
    this.sessions[graph.file] ??= await this.ort.InferenceSession.create(await this.load(graph.file))
    const blocks = file.blocks.map(block => this.symbols.read(block, file.stepIndex))
    const frames = {
      side: blocks.flatMap(block => block.side),
      modules: Array.from({ length: file.modules }, (_, n) => blocks.flatMap(block => block.modules[n])),
    }
    const session = this.sessions[graph.file]
    const samples = await decodeFrames(this.ort, session, this.codec, graph, frames, file.stepIndex)
    const quiet = 10 ** (-file.gain / 20)
    return Float32Array.from(samples.slice(0, file.length), x => Math.min(Math.max(x * quiet, -1), 1))
  }
}
