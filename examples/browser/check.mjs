// Decodes a file with the decoder of this folder and compares it with what the package decoded.
//
//     node check.mjs MODEL_FOLDER FILE.nac SAMPLES.f32

import { readFile } from "node:fs/promises"
import * as ort from "onnxruntime-web"
import { Decoder } from "./decoder.js"
import { difference } from "./difference.js"

const [folder, file, reference] = process.argv.slice(2)
ort.env.wasm.numThreads = 1
const decoder = await Decoder.create(ort, async name => new Uint8Array(await readFile(`${folder}/${name}`)))
const bytes = new Uint8Array(await readFile(file))
const begin = performance.now()
const samples = await decoder.decode(bytes)
const seconds = (performance.now() - begin) / 1000
const wanted = await readFile(reference)
console.log(`Node: ${(samples.length / 16000).toFixed(1)} s decoded in ${seconds.toFixed(1)} s, ` +
  difference(samples, new Float32Array(wanted.buffer, wanted.byteOffset, wanted.length / 4)))
